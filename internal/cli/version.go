package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/lab"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which facet this is, and which engine it finds",
		Example: "  facet version --json",
		Args:    argsBetween(0, 0, "no arguments"),
		RunE:    func(*cobra.Command, []string) error { return a.version() },
	}
}

func (a *app) version() error {
	v := lab.Version()
	if a.json {
		return encodeJSON(a.stdout, v)
	}
	row := func(name, value string) { fmt.Fprintf(a.stdout, "%-9s %s\n", name, value) }
	row("facet", v.Version)
	if v.Commit != "" {
		commit := v.Commit + ", " + v.Time
		if v.Modified != nil && *v.Modified {
			commit += ", modified"
		}
		row("commit", commit)
	}
	row("go", v.Go)
	row("platform", v.Platform)
	row("engine", v.Engine.Name)
	if v.Engine.Library != "" {
		row("library", v.Engine.Library)
	}
	if v.Engine.Reason != "" {
		row("", "because "+v.Engine.Reason)
	}
	return nil
}
