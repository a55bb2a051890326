package drift

// GroupShare is the part of a budget that a group of a stream has which is followed by itself: 1/(turn·(turn+1)), turn being its number from 1 in the order in
// which groups turned up. That is 1 in sum over any number of groups, also when more turn up later; 0 is for the whole stream, which has all of it.
//
// So by the union bound the chance of any false alert in any group is the budget at most ([Ever]). With [RunLength] it bounds the windows of the group
// that has most of them: there are 1/α on average and at least before the first false alert in any group.
func GroupShare(turn int) float64 {
	if turn < 1 {
		return 1
	}
	return 1 / (float64(turn) * float64(turn+1))
}
