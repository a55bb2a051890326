package answer

// GroupReport is the answer of facet evaluate groups: accuracy by class and group, before and after an edit and by other methods.
type GroupReport struct {
	// Model is the model that is asked.
	Model Model `json:"model"`
	// Scored is the atlas whose pictures are scored.
	Scored string `json:"scored"`
	// Means is the atlas that means come from; absent where nothing is edited.
	Means string `json:"means,omitempty"`
	// Column is that of the atlas which says the group: label, group or truth.
	Column string `json:"column"`
	// Groups are the groups.
	Groups []string `json:"groups"`
	// Classes are the classes.
	Classes []string `json:"classes"`
	// Images is how many pictures have a class and a group.
	Images int `json:"images"`
	// Plan is the edit; absent where there is none.
	Plan *EditPlan `json:"plan,omitempty"`
	// Methods are the results, the model as it is first.
	Methods []GroupOutcome `json:"methods"`
	// Others is the atlas of other classes that collateral is measured on; absent without.
	Others string `json:"others,omitempty"`
}

// GroupOutcome is what one method does.
type GroupOutcome struct {
	// Method is what was done: as it is, the edit, random, prompts, roboshot or heads.
	Method string `json:"method"`
	// Detail says what that was, such as the heads that were held.
	Detail string `json:"detail,omitempty"`
	// Average is the accuracy over all pictures. Of random edits it is that of the first draw.
	Average Share `json:"average"`
	// Worst is the accuracy in the cell of a class and a group where it is lowest, among cells with pictures.
	Worst Share `json:"worst"`
	// Gap is the average less the worst.
	Gap float64 `json:"gap"`
	// Cells are the accuracies by class and group, in their orders [classes][groups].
	Cells [][]Share `json:"cells"`
	// Draws is the worst cell's accuracy over random draws; absent for other methods.
	Draws *Draws `json:"draws,omitempty"`
	// Others is the accuracy on the atlas of other classes; absent without one.
	Others *Share `json:"others,omitempty"`
}

// EditSuggestion is the answer of facet edit suggest: pairs that hold a spurious cue.
type EditSuggestion struct {
	// Model is the model that is asked.
	Model Model `json:"model"`
	// Atlas is the atlas that was looked at.
	Atlas string `json:"atlas"`
	// Column is that of the atlas which says the group.
	Column string `json:"column"`
	// Groups are the groups.
	Groups []string `json:"groups"`
	// Classes are the classes.
	Classes []string `json:"classes"`
	// Searched is how many pictures pairs were ranked and counted by: every other one of each class and group.
	Searched int `json:"searched"`
	// Scored is how many others the result is of.
	Scored int `json:"scored"`
	// Pairs are those to hold at their mean, the most suspicious first.
	Pairs []SuspectPair `json:"pairs"`
	// Before is the model as it is, on the scored pictures.
	Before GroupOutcome `json:"before"`
	// After is the model with the pairs held, on the scored pictures.
	After GroupOutcome `json:"after"`
	// Random is the worst cell's accuracy on the scored pictures when as long a search goes through random pairs of equal strength.
	Random Draws `json:"random"`
	// P is the share of such searches, this one counted, that gain as much: the p-value of the gain, corrected for the search.
	P float64 `json:"p_value"`
	// Tried are the numbers of pairs that were tried.
	Tried []int `json:"tried"`
}

// SuspectPair is a pair that may hold a spurious cue.
type SuspectPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Suspicion is cue times the size of the correlation with the group: what pairs are ranked by.
	Suspicion float64 `json:"suspicion"`
	// Cue is by how much the pair's part of the margin (cosine of the right class less that of its rival) is larger on rightly than on wrongly classified
	// pictures of a class, on average over classes by their wrong pictures.
	Cue float64 `json:"cue"`
	// Correlation is that of the pair's scalar with the group, within classes; of several groups the one of largest size.
	Correlation float64 `json:"correlation"`
	// Group is the group that the correlation is with.
	Group string `json:"group"`
	// Strength is the mean of the pair's 50 largest centred contribution norms.
	Strength float64 `json:"strength"`
	Names
}
