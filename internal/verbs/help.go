// Package verbs prints the help of a command line of verbs, and says what is wrong with a verb or a flag.
package verbs

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

// width is how wide help is where it does not go to a terminal, and at most.
const width = 100

// Help prints what a verb answers, examples, how it works and its own flags. The flags of every verb are explained with the program itself.
// Whoever asked for a verb that is not there is told so on stderr.
func Help(stdout, stderr io.Writer, cmd *cobra.Command) {
	if err := Known(cmd, cmd.Flags().Args()); cmd.HasSubCommands() && err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", cmd.CommandPath(), err)
	}
	p := Page{stdout, width}
	if w := terminal.Width(stdout); w > 0 {
		p.Width = min(w, width)
	}
	p.Write(cmd)
}

// Page is where help is written, no wider than Width characters; only examples and names may be.
type Page struct {
	Out   io.Writer
	Width int
}

// Write writes the help of a verb.
func (p Page) Write(cmd *cobra.Command) {
	p.paragraphs(cmd.Short + ".\n\n")
	p.examples(cmd.Example)
	if cmd.Long != "" {
		p.paragraphs(strings.TrimSpace(cmd.Long) + "\n\n")
	}
	fmt.Fprintf(p.Out, "Usage:\n  %s\n", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	p.verbs(cmd)
	p.flags(cmd)
}

// paragraphs fills lines to the width; lines that begin with a blank stay as they are.
func (p Page) paragraphs(s string) {
	var open []string
	flush := func() {
		if len(open) > 0 {
			fmt.Fprintln(p.Out, p.wrap(strings.Join(open, " "), 0))
		}
		open = nil
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if line != "" && !strings.ContainsAny(line[:1], " \t") {
			open = append(open, line)
			continue
		}
		flush()
		fmt.Fprintln(p.Out, line)
	}
	flush()
}

// wrap breaks a line between words; lines after the first are indented.
func (p Page) wrap(s string, indent int) string {
	lines := strings.Split(text.WrapSoft(s, max(p.Width-indent, 20)), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}

// remark is what stands behind an example.
var remark = regexp.MustCompile(`(?m)(\S) {2,}(\S.*)$`)

// examples puts remarks that do not fit behind their examples under them.
func (p Page) examples(s string) {
	if s == "" {
		return
	}
	narrow := false
	for line := range strings.SplitSeq(s, "\n") {
		narrow = narrow || text.StringWidth(line) > p.Width
	}
	if narrow {
		s = remark.ReplaceAllString(s, "$1\n      $2")
	}
	fmt.Fprint(p.Out, s, "\n\n")
}

// verbs lists what is below a verb, group by group.
func (p Page) verbs(cmd *cobra.Command) {
	list := func(title, id string) {
		titled := false
		for _, v := range cmd.Commands() {
			if v.GroupID != id || !v.IsAvailableCommand() {
				continue
			}
			if !titled {
				fmt.Fprintf(p.Out, "\n%s\n", title)
			}
			titled = true
			fmt.Fprintf(p.Out, "  %-*s %s\n", v.NamePadding(), v.Name(), p.wrap(v.Short, v.NamePadding()+3))
		}
	}
	for _, g := range cmd.Groups() {
		list(g.Title, g.ID)
	}
	list("Verbs:", "")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(p.Out, "\n"+p.wrap(fmt.Sprintf("\"%s VERB --help\" explains one of them.", cmd.CommandPath()), 0))
	}
}

// flags explains the verb's own flags and names those of every verb.
func (p Page) flags(cmd *cobra.Command) {
	if help := cmd.Flags().Lookup("help"); help != nil {
		help.Hidden = true // it is named beside the flags of every verb
	}
	if own := cmd.LocalNonPersistentFlags(); own.HasAvailableFlags() {
		fmt.Fprintf(p.Out, "\nFlags:\n%s", own.FlagUsagesWrapped(p.Width))
	}
	if !cmd.HasParent() {
		fmt.Fprintf(p.Out, "\nFlags of every verb:\n%s", cmd.PersistentFlags().FlagUsagesWrapped(p.Width))
		return
	}
	var common []string
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { common = append(common, "--"+f.Name) })
	fmt.Fprintln(p.Out, "\n"+p.wrap(fmt.Sprintf("Every verb also has %s; \"%s --help\" explains them.", strings.Join(common, ", "), cmd.Root().Name()), 0))
}
