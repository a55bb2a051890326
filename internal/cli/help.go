package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/internal/terminal"
)

// helpWidth is how wide help is where it does not go to a terminal, and at most.
const helpWidth = 100

// The groups of verbs, in the order of the help.
const (
	groupLook    = "look"
	groupWords   = "words"
	groupAtlases = "atlases"
	groupPaper   = "paper"
	groupEdit    = "edit"
	groupSegment = "segment"
	groupDrift   = "drift"
	groupModels  = "models"
	groupFacet   = "facet"
)

func verbGroups() []*cobra.Group {
	return []*cobra.Group{
		{ID: groupLook, Title: "Look at pictures:"},
		{ID: groupWords, Title: "Words:"},
		{ID: groupAtlases, Title: "Datasets and atlases:"},
		{ID: groupPaper, Title: "The paper's questions:"},
		{ID: groupEdit, Title: "Edit a model:"},
		{ID: groupSegment, Title: "Segmentation:"},
		{ID: groupDrift, Title: "Drift:"},
		{ID: groupModels, Title: "Models:"},
		{ID: groupFacet, Title: "facet itself:"},
	}
}

// group puts verbs into a group of the help.
func group(id string, verbs ...*cobra.Command) []*cobra.Command {
	for _, v := range verbs {
		v.GroupID = id
	}
	return verbs
}

// showHelp prints what a verb answers, examples, how it works and its own flags. The flags of every verb are explained with facet itself.
func (a *app) showHelp(cmd *cobra.Command, _ []string) {
	if err := knownVerb(cmd, cmd.Flags().Args()); cmd.HasSubCommands() && err != nil {
		fmt.Fprintf(a.stderr, "%s: %v\n", cmd.CommandPath(), err)
	}
	width := helpWidth
	if w := terminal.Width(a.stdout); w > 0 {
		width = min(w, width)
	}
	h := helpPage{a.stdout, width}
	h.paragraphs(cmd.Short + ".\n\n")
	h.examples(cmd.Example)
	if cmd.Long != "" {
		h.paragraphs(strings.TrimSpace(cmd.Long) + "\n\n")
	}
	fmt.Fprintf(h.out, "Usage:\n  %s\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	h.verbs(cmd)
	h.flags(cmd)
}

// helpPage writes help no wider than width.
type helpPage struct {
	out   io.Writer
	width int
}

// paragraphs fills lines to the width; lines that begin with a blank stay as they are.
func (h helpPage) paragraphs(s string) {
	var open []string
	flush := func() {
		if len(open) > 0 {
			fmt.Fprintln(h.out, h.wrap(strings.Join(open, " "), 0))
		}
		open = nil
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" && !strings.ContainsAny(line[:1], " \t") {
			open = append(open, line)
			continue
		}
		flush()
		fmt.Fprintln(h.out, line)
	}
	flush()
}

// wrap breaks a line between words; lines after the first are indented.
func (h helpPage) wrap(s string, indent int) string {
	lines := strings.Split(text.WrapSoft(s, max(h.width-indent, 20)), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}

// remark is what stands behind an example.
var remark = regexp.MustCompile(`(?m)(\S) {2,}(\S.*)$`)

// examples puts remarks that do not fit behind their examples under them.
func (h helpPage) examples(s string) {
	if s == "" {
		return
	}
	narrow := false
	for line := range strings.SplitSeq(s, "\n") {
		narrow = narrow || text.StringWidth(line) > h.width
	}
	if narrow {
		s = remark.ReplaceAllString(s, "$1\n      $2")
	}
	fmt.Fprint(h.out, s, "\n\n")
}

// verbs lists what is below a verb, group by group.
func (h helpPage) verbs(cmd *cobra.Command) {
	list := func(title, id string) {
		titled := false
		for _, v := range cmd.Commands() {
			if v.GroupID != id || !v.IsAvailableCommand() {
				continue
			}
			if !titled {
				fmt.Fprintf(h.out, "\n%s\n", title)
			}
			titled = true
			fmt.Fprintf(h.out, "  %-*s %s\n", v.NamePadding(), v.Name(), h.wrap(v.Short, v.NamePadding()+3))
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	list("Verbs:", "")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(h.out, "\n"+h.wrap(fmt.Sprintf("\"%s VERB --help\" explains one of them.", cmd.CommandPath()), 0))
	}
}

// flags explains the verb's own flags and names those of every verb.
func (h helpPage) flags(cmd *cobra.Command) {
	if help := cmd.Flags().Lookup("help"); help != nil {
		help.Hidden = true // it is named beside the flags of every verb
	}
	if own := cmd.LocalNonPersistentFlags(); own.HasAvailableFlags() {
		fmt.Fprintf(h.out, "\nFlags:\n%s", own.FlagUsagesWrapped(h.width))
	}
	if !cmd.HasParent() {
		fmt.Fprintf(h.out, "\nFlags of every verb:\n%s", cmd.PersistentFlags().FlagUsagesWrapped(h.width))
		return
	}
	var common []string
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { common = append(common, "--"+f.Name) })
	fmt.Fprintln(h.out, "\n"+h.wrap("Every verb also has "+strings.Join(common, ", ")+"; \"facet --help\" explains them.", 0))
}

// addOwn adds the verbs about facet itself. That of completion is cobra's, with arguments checked as everywhere.
func (a *app) addOwn(root *cobra.Command) {
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultHelpCmd()
	root.SetCompletionCommandGroupID(groupFacet)
	root.InitDefaultCompletionCmd()
	for _, v := range root.Commands() {
		if v.Name() != "completion" {
			continue
		}
		verbsBelow(v).Example = "  facet completion bash > /etc/bash_completion.d/facet"
		for _, shell := range v.Commands() {
			shell.Args, shell.Example = argsBetween(0, 0, "no arguments"), "  facet completion "+shell.Name()
		}
	}
}

// helpCommand is facet help VERB.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [VERB]",
		Short:   "Explain a verb",
		Example: "  facet help drift watch",
		GroupID: groupFacet,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && about.HasSubCommands() {
				err = knownVerb(about, rest)
			}
			if err != nil {
				return err
			}
			return about.Help()
		},
	}
}
