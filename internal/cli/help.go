package cli

import (
	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/verbs"
)

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
				err = verbs.Known(about, rest)
			}
			if err != nil {
				return err
			}
			return about.Help()
		},
	}
}
