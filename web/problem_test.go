package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/facet-clip/facet/lab"
)

// TestProblem: mistakes of who asks are told, faults are not.
func TestProblem(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		told   string
	}{
		{fmt.Errorf("a.png: %w", &lab.Mistake{Problem: errors.New("not within")}), http.StatusBadRequest, "not within"},
		{&lab.Mistake{Field: "top", Problem: errors.New("too many")}, http.StatusBadRequest, "too many"},
		{errNoJob, http.StatusNotFound, "job"},
		{fmt.Errorf("/home/somebody/atlas: %w", lab.ErrOtherTexts), http.StatusConflict, "facet label"},
		{errNoAnswer, http.StatusConflict, "answer"},
		{errors.New("open /home/somebody/atlas: gone"), http.StatusInternalServerError, "log"},
	} {
		status, told := problem(c.err)
		if status != c.status || !strings.Contains(told, c.told) || strings.Contains(told, "/home") {
			t.Errorf("%v: %d %q", c.err, status, told)
		}
	}
}
