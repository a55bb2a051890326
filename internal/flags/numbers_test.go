package flags

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestNumbers(t *testing.T) {
	var got []int
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	Numbers(f, &got, "n", []int{9}, SomeOrNone, "")
	if err := f.Parse([]string{"--n", "1, 2", "--n=3"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Error(diff)
	}
	if got := f.Lookup("n").DefValue; got != "[9]" {
		t.Errorf("help shows the default as %s", got)
	}
}
