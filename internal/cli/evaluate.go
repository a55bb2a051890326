package cli

import "github.com/spf13/cobra"

// evaluateCommand groups the verbs that measure whether what facet says holds.
func (a *app) evaluateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Measure whether what facet says holds",
		Example: `  facet evaluate classification cifar10:cifar-10-batches-bin --model RN50
  facet evaluate labels
  facet evaluate segmentation "scenes:default?n=500&seed=990006"`,
	}
	cmd.AddCommand(a.evaluateClassificationCommand(), a.evaluateLabelsCommand(), a.evaluateGroupsCommand(), a.evaluateRetrievalCommand(), a.evaluateSegmentationCommand())
	return verbsBelow(cmd)
}
