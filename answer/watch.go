package answer

import "time"

// Window is the answer of facet drift watch: a line for each window, as it is closed. GET /windows and the store have the same. Its p-values
// are for reading: alerts come from the evidence, which is that of the whole stream up to the end of the window.
type Window struct {
	// Format is the number of the shape, 2. It is absent in what format 1 left.
	Format int `json:"format"`
	// Group is the group whose stream the window is of. It is absent where the stream is followed as a whole.
	Group string `json:"group,omitempty"`
	// Number counts windows from 1, of each group.
	Number int `json:"window"`
	// Images is how many the window holds.
	Images int `json:"images"`
	// Repeated is how many pictures came to the watcher of this window, since its last one, whose content had come before. They are in no window.
	Repeated int `json:"repeated"`
	// RepeatedShare is their share of all that came.
	RepeatedShare float64 `json:"repeated_share"`
	// ProfileRepeatedShare is that of the profile's source.
	ProfileRepeatedShare float64 `json:"profile_repeated_share"`
	// First is the earliest moment of its images.
	First time.Time `json:"first"`
	// Last is the latest moment of its images.
	Last time.Time `json:"last"`
	// Closed is when the window was closed.
	Closed time.Time `json:"closed"`
	// Watched are the texts of the profile.
	Watched []WatchedText `json:"watched"`
	// Evidence is the strongest for a change, the largest first.
	Evidence []Evidence `json:"evidence"`
	// Episode is the number of the episode that is open at the end of the window. It is absent where none is.
	Episode int `json:"episode,omitempty"`
	// Order says what the order of the images means. It is absent where it is not followed.
	Order *ImageOrder `json:"order,omitempty"`
	// Reference are the windows of the stream that this one is compared with. It is absent where that is the profile.
	Reference *WindowSpan `json:"reference,omitempty"`
	// Learnt says that nothing is bet on the window: it is one of the first, which will be the reference.
	Learnt bool `json:"learnt,omitempty"`
	// Compared compares the window with the profile, or the reference. It is absent for a window of one image.
	Compared *Comparison `json:"compared,omitempty"`
	// Alerts are those that the window raises, one at most.
	Alerts []Alert `json:"alerts"`
}

// WindowSpan are windows of a stream: two, and those between them.
type WindowSpan struct {
	// From is the first.
	From int `json:"from"`
	// To is the last.
	To int `json:"to"`
}

// ImageOrder says what the order means in which images come. The budget holds for images whose order means nothing.
type ImageOrder struct {
	// Correlation is that of neighbours, by the ranks of all that is followed, over all windows so far: 0 where the order means nothing.
	Correlation float64 `json:"lag_correlation"`
	// Evidence is that the order means something, as a share of what a warning needs: there is one at 1.
	Evidence float64 `json:"evidence"`
	// Step is how many images apart they are as good as independent.
	Step int `json:"step"`
	// Every says that every n-th image of the window was compared and bet on; 0: none was bet on.
	Every int `json:"every"`
}

// Accepted is the answer of facet drift accept.
type Accepted struct {
	// Profile is the folder that was written, with which the stream is compared from now on.
	Profile string `json:"profile"`
	// Images is how many it is of.
	Images int `json:"images"`
	// From is the first of their windows.
	From int `json:"from"`
	// Window is the last window that was compared with the profile before.
	Window int `json:"window"`
}

// WatchedText is a watched text in a window.
type WatchedText struct {
	// Text is the text.
	Text string `json:"text"`
	// Score is the mean of the signed score.
	Score float64 `json:"score"`
	// Low is the lower end of its 95 % interval.
	Low float64 `json:"low"`
	// High is the upper end of the interval.
	High float64 `json:"high"`
	// Profile is the mean in the profile.
	Profile float64 `json:"profile"`
	// Effect is the difference of the means, in standard deviations of the profile's images.
	Effect float64 `json:"effect"`
	// P is the p-value of Welch's test against the profile.
	P float64 `json:"p"`
	// Specific says how much of the text's change is its own. It is absent where the words are too few to say.
	Specific *Specificity `json:"specific,omitempty"`
	// Evidence is that for a change of the text, as a share of what raises an alert.
	Evidence float64 `json:"evidence"`
}

// Evidence is an e-process: what speaks for a change of one number that is followed.
type Evidence struct {
	// Followed is a watched text by its five pairs, a watched text with "(whole embedding)", a pair as (neuron,head), "embedding", or a quality of pictures.
	Followed string `json:"followed"`
	// Label is a pair in words, where words fit.
	Label string `json:"label,omitempty"`
	// Up is for larger numbers than the profile's.
	Up bool `json:"up"`
	// Value is a share of what raises an alert: one is raised at 1.
	Value float64 `json:"value"`
}

// Alert says that something is no longer as in the reference, and was not said before.
type Alert struct {
	// Format is the number of the shape, 2. It is absent in what format 1 left.
	Format int `json:"format"`
	// Group is the group whose stream raises the alert. It is absent where the stream is followed as a whole.
	Group string `json:"group,omitempty"`
	// Window is the number of the window that raises the alert.
	Window int `json:"window"`
	// Budget is the chance of any false alert over the whole stream, at most; with the guarantee "arl", 1 over the windows between false alerts. A
	// group has a share of the budget of all groups.
	Budget float64 `json:"budget"`
	// Guarantee is arl where the budget bounds how often there are false alerts. It is absent where it bounds whether there is ever one.
	Guarantee string `json:"guarantee,omitempty"`
	// Event is begin, change, clear or return: an episode begins; it has a name, or another drift, that was not told; its images are as in the
	// reference again; or the drift of an earlier episode is back, by its name or by the way in which the mean embedding moves, which begins an episode
	// too. It is absent in streams that were begun before there were episodes.
	Event string `json:"event,omitempty"`
	// Episode is the number of the episode, from 1.
	Episode int `json:"episode,omitempty"`
	// Said is all that the episode has said so far.
	Said []string `json:"said,omitempty"`
	// New is what was not said before: watched texts and named changes; "(unnamed)" where no change has a name; of another drift beside a named
	// one, pairs, qualities of pictures or "embedding".
	New []string `json:"new"`
	// RaisedBy is what crossed the line in this window.
	RaisedBy []Evidence `json:"raised_by"`
	// From is the first of the windows over which what raised the alert has grown. Changes are those of their images.
	From int `json:"from"`
	// Images is how many these windows hold.
	Images int `json:"images"`
	// Changes are those that have a name, the largest first.
	Changes []Change `json:"changes"`
	// Rest is a change without a word: the changed pairs that fit no name. It is absent where there are none.
	Rest *Change `json:"unnamed_change,omitempty"`
}

// AlertMessage is what a webhook gets.
type AlertMessage struct {
	// Text is the alert in a sentence, under the name by which chat programs show it.
	Text string `json:"text"`
	// ID is that of the alert in its store, the same at every attempt.
	ID int64 `json:"id"`
	// Alert is the alert.
	Alert Alert `json:"alert"`
}

// Taken is what a post of a picture to facet drift watch is told, and what GET /healthz says.
type Taken struct {
	// Status is counted, duplicate or unreadable; of a service that is well, ok.
	Status string `json:"status,omitempty"`
	// SHA256 is the digest of the picture's bytes.
	SHA256 string `json:"sha256,omitempty"`
	// Error says what is wrong.
	Error string `json:"error,omitempty"`
}
