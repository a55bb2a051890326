package cli

import "github.com/spf13/cobra"

// evaluateCommand groups the verbs that measure whether what facet says holds.
func (a *app) evaluateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evaluate labels | segmentation",
		Short: "Measure whether what facet says holds",
		Args:  argsBetween(0, 0, "what to evaluate"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.evaluateLabelsCommand(), a.evaluateSegmentationCommand())
	return cmd
}
