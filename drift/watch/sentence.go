package watch

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/facet-clip/facet/answer"
)

// Sentence is an alert in a sentence.
func Sentence(a answer.Alert) string {
	if a.Event == clears {
		return fmt.Sprintf("drift episode %d is over in window %d%s: the images are as in the reference again (it was: %s)", a.Episode, a.Window, ofGroup(a.Group), strings.Join(a.Said, ", "))
	}
	what := whatChanged(a)
	return fmt.Sprintf("drift in window %d%s%s: %s; new: %s%s (%s)", a.Window, ofGroup(a.Group), eventWords(a), what, strings.Join(a.New, ", "), raisedBy(a), promise(a))
}

// ofGroup says whose window it is.
func ofGroup(group string) string {
	if group == "" {
		return ""
	}
	return " of " + group
}

// eventWords say what happened to an episode.
func eventWords(a answer.Alert) string {
	switch a.Event {
	case begins:
		return fmt.Sprintf(" (episode %d begins)", a.Episode)
	case changes:
		return fmt.Sprintf(" (episode %d changes)", a.Episode)
	case returns:
		return fmt.Sprintf(" (it is back: episode %d begins)", a.Episode)
	}
	return ""
}

func whatChanged(a answer.Alert) string {
	var parts []string
	for _, c := range a.Changes[:min(3, len(a.Changes))] {
		parts = append(parts, fmt.Sprintf("%s (%.0f %% of the shift)", c, 100*c.Share))
	}
	if a.Rest != nil {
		parts = append(parts, fmt.Sprintf("%s (%.0f %%)", *a.Rest, 100*a.Rest.Share))
	}
	what := cmp.Or(strings.Join(parts, ", "), "no change that words name")
	if a.From < a.Window {
		what += fmt.Sprintf(", in the %d images from window %d on", a.Images, a.From)
	}
	return what
}

// raisedBy is the strongest of what crossed the line.
func raisedBy(a answer.Alert) string {
	if len(a.RaisedBy) == 0 {
		return ""
	}
	first := a.RaisedBy[0]
	raised := first.Followed
	if first.Label != "" {
		raised += " “" + first.Label + "”"
	}
	if first.Up {
		raised += " goes up"
	} else {
		raised += " goes down"
	}
	if more := len(a.RaisedBy) - 1; more > 0 {
		raised += fmt.Sprintf(", and %d more", more)
	}
	return "; raised by " + raised
}

// promise is what the budget bounds.
func promise(a answer.Alert) string {
	if a.Guarantee == "arl" {
		return fmt.Sprintf("without drift an alert in %.3g windows on average, at most", 1/a.Budget)
	}
	return fmt.Sprintf("any false alarm over the whole stream: %.3g at most", a.Budget)
}
