package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUsageErrors are mistakes in the command line: what is said, and which help is pointed to.
func TestUsageErrors(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"clasify a.jpg", "facet: there is no verb \"clasify\": did you mean classify?\nrun \"facet --help\"\n"},
		{"clasify a.jpg --labels x", "facet: there is no verb \"clasify\": did you mean classify?\nrun \"facet --help\"\n"},
		{"modle list", "facet: there is no verb \"modle\": did you mean model?\nrun \"facet --help\"\n"},
		{"segmentation a.jpg", "facet: there is no verb \"segmentation\": did you mean segment?\nrun \"facet --help\"\n"},
		{"zzz", "facet: there is no verb \"zzz\"\nrun \"facet --help\"\n"},
		{"model show", "facet model: there is no verb \"show\": did you mean inspect?\nrun \"facet model --help\"\n"},
		{"model zzz", "facet model: there is no verb \"zzz\": expected doctor, inspect, list, pull, verify\nrun \"facet model --help\"\n"},
		{"drift compar a b", "facet drift: there is no verb \"compar\": did you mean compare?\nrun \"facet drift --help\"\n"},
		{"atlas shwo a", "facet atlas: there is no verb \"shwo\": did you mean show?\nrun \"facet atlas --help\"\n"},
		{"evaluate label", "facet evaluate: there is no verb \"label\": did you mean labels?\nrun \"facet evaluate --help\"\n"},
		{"completion bsh", "facet completion: there is no verb \"bsh\": did you mean bash or zsh?\nrun \"facet completion --help\"\n"},
		{"help clasify", "facet help: there is no verb \"clasify\": did you mean classify?\nrun \"facet help --help\"\n"},
		{"explain --txt car a.jpg", "facet explain: unknown flag: --txt: did you mean --text or --top?\nrun \"facet explain --help\"\n"},
		{"explain --modle RN50 a.jpg", "facet explain: unknown flag: --modle: did you mean --model?\nrun \"facet explain --help\"\n"},
		{"drift watch --bugdet 3 a", "facet drift watch: unknown flag: --bugdet: did you mean --budget?\nrun \"facet drift watch --help\"\n"},
		{"explain --zzzzzz a.jpg", "facet explain: unknown flag: --zzzzzz\nrun \"facet explain --help\"\n"},
		{"version x", "facet version: \"x\" is too much: expected no arguments\nrun \"facet version --help\"\n"},
		{"neuron a.atlas", "facet neuron: expected an atlas and the number of a neuron, found only a.atlas\nrun \"facet neuron --help\"\n"},
		{"edit --undo x.safetensors --model demo", "facet edit: --output is missing: expected the file to write the source to\nrun \"facet edit --help\"\n"},
		{"nearest", "facet nearest: expected one pair NEURON,HEAD, found nothing\nrun \"facet nearest --help\"\n"},
	} {
		t.Run(test.line, func(t *testing.T) {
			code, out, log := facet(t, strings.Fields(test.line)...)
			if code != exitUsage || out != "" {
				t.Errorf("exit code %d, stdout %q", code, out)
			}
			if diff := cmp.Diff(test.want, log); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMissingFiles: what is not there is named, in the words of people and not of the system's calls.
func TestMissingFiles(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"explain nowhere.jpg --model demo", "facet: nowhere.jpg: no such file or directory\n"},
		{"embed nowhere.jpg --model demo --json", "facet: nowhere.jpg: no such file or directory\n"},
		{"texts nowhere.txt -o x --model demo", "facet: nowhere.txt: no such file or directory\n"},
		{"label nowhere --bank nowhere.txt", "facet: nowhere: expected an atlas, a checkpoint file or the name of a model (facet model list)\n"},
		{"label nowhere", "facet: nowhere: expected an atlas, a checkpoint file or the name of a model (facet model list)\n"},
	} {
		code, out, log := facet(t, strings.Fields(test.line)...)
		if code != exitFailure || out != "" || log != test.want {
			t.Errorf("facet %s: exit code %d: %s", test.line, code, log)
		}
	}
}

// TestEveryVerbRefusesWhatItDoesNotKnow: an unknown flag is a usage error of that verb, which is named once.
func TestEveryVerbRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, cmd := range commands(t) {
		path := cmd.CommandPath()
		code, out, log := facet(t, append(strings.Fields(path)[1:], "--no-such-flag")...)
		want := path + ": unknown flag: --no-such-flag\nrun \"" + path + " --help\"\n"
		if code != exitUsage || out != "" || log != want {
			t.Errorf("%s --no-such-flag: exit code %d: %s", path, code, log)
		}
	}
}

// TestMisspelledVerbWithHelp: help of what is not there says so before it shows what is.
func TestMisspelledVerbWithHelp(t *testing.T) {
	code, out, log := facet(t, "clasify", "--help")
	if code != exitOK || !strings.Contains(out, "Look at pictures:") || log != "facet: there is no verb \"clasify\": did you mean classify?\n" {
		t.Errorf("exit code %d, stderr %q", code, log)
	}
}
