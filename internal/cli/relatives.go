package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
)

// The questions of the paper's relatives: docs/research/paper.md.

func (a *app) headCommand() *cobra.Command {
	q := lab.HeadDetail{Texts: 10}
	like := -1
	cmd := &cobra.Command{
		Use:   "head ATLAS N",
		Short: "Say what an attention head writes: in texts, in components, in the words of its pairs",
		Long: `Describes a head by what its contributions differ in between the images of an atlas. TextSpan takes the text along which they vary most, takes its
direction off, and goes on. With --like, it finds the images that this head sees as it sees another one.`,
		Example: `  facet head photos.atlas 21
  facet head photos.atlas 21 --bank descriptions.txt --span 20
  facet head photos.atlas 21 --like 17        the images nearest to image 17 in this head alone`,
		Args: argsBetween(2, 2, "an atlas and the number of a head"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.Atlas = args[0]; like >= 0 {
				q.Like = &like
			}
			if q.Head, err = strconv.Atoi(args[1]); err != nil {
				return flags.Mistakef("facet head: %q: expected the number of a head", args[1])
			}
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.HeadDetail, error) { return l.HeadDetail(cmd.Context(), q) }, show.Head)
		},
	}
	f := cmd.Flags()
	flags.Bank(f, &q.Bank, &q.Truncate, "describe it by these")
	flags.Number(f, &q.Texts, "span", 10, flags.SomeOrNone, "texts to describe the head by")
	flags.Number(f, &like, "like", -1, flags.SomeOrNone, "an `IMAGE` of the atlas, by its row: find those most like it in these units alone")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: images, and pairs with --json")
	return cmd
}

func (a *app) propertyCommand() *cobra.Command {
	var q lab.Property
	like := -1
	cmd := &cobra.Command{
		Use:   "property ATLAS TEXTS",
		Short: "Find the pairs, neurons or heads that carry a property such as colour, and images alike in it",
		Long: `Ranks units by how well what they contribute agrees with the whole embedding along the directions of some texts, over the images of an atlas. With
--like, it finds the images that are most like another one in the units found: alike in colour, say, whatever else they show.`,
		Example: `  facet property photos.atlas "red, green, blue, yellow"
  facet property photos.atlas "red, green, blue, yellow" --unit head --top 3 --like 17`,
		Args: argsBetween(2, 2, "an atlas and a list of texts"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.Atlas = args[0]; like >= 0 {
				q.Like = &like
			}
			if q.Texts, err = flags.Entries(cmd.Context(), "TEXTS", args[1]); err != nil {
				return err
			}
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Property, error) { return l.Property(cmd.Context(), q) }, show.Property)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Unit, "unit", lab.UnitPair, "the unit: pair, neuron or head")
	flags.Number(f, &like, "like", -1, flags.SomeOrNone, "an `IMAGE` of the atlas, by its row: find those most like it in these units alone")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: units, which --like takes, and images")
	f.BoolVar(&q.Truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	return cmd
}

func (a *app) confuseCommand() *cobra.Command {
	var q lab.Confuse
	cmd := &cobra.Command{
		Use:   "confuse TEXT OTHER",
		Short: "Find the words that make a picture of one thing look like another, from the weights alone",
		Long: `Takes the pairs whose directions tell two texts apart most, and labels them. A pair that pushes towards TEXT may do so by a word that has nothing to do with it. Then a picture of OTHER with such a thing in it is more likely to
be taken for TEXT.`,
		Example: `  facet confuse "a cat" "a dog"                                  what makes a dog look like a cat
  facet confuse "a stop sign" "a yield sign" --model RN50 --strongest 100`,
		Args: argsBetween(2, 2, "two texts, in quotes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, text := range args {
				if err := flags.Text("TEXT", text, ""); err != nil {
					return err
				}
			}
			q.Text, q.Against = args[0], args[1]
			return answered(cmd.Context(), a, "", func(l *lab.Lab) (*answer.Confusion, error) { return l.Confuse(cmd.Context(), q) }, show.Confusion)
		},
	}
	f := cmd.Flags()
	flags.Bank(f, &q.Bank, &q.Truncate, "label pairs by it")
	flags.Number(f, &q.Strongest, "strongest", 20, flags.Some, "take so many pairs, the strongest")
	flags.Number(f, &q.Terms, "terms", 0, flags.SomeOrNone, "texts in a label, at most (default 64, and of a small bank an eighth of it)")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: words")
	return cmd
}

func (a *app) discoverCommand() *cobra.Command {
	var q lab.Discover
	cmd := &cobra.Command{
		Use:   "discover IMAGE --atlas ATLAS",
		Short: "Say what one picture shows, by the pairs that contribute more to it than to nearly all images",
		Long: `Takes the pairs whose contribution to a picture is longer than their fiftieth longest over the images of an atlas. It labels them and adds up their
words: each coefficient times what the pair contributes here beyond its mean. No classes are given.`,
		Example: `  facet discover photo.jpg --atlas photos.atlas`,
		Args:    argsBetween(1, 1, "one picture"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Picture = args[0]; q.Atlas == "" {
				return flags.Mistakef("facet discover: expected --atlas ATLAS, which says what is usual")
			}
			return answered(cmd.Context(), a, q.Atlas, func(l *lab.Lab) (*answer.Discovery, error) { return l.Discover(cmd.Context(), q) }, show.Discovery)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Atlas, "atlas", "", "an `ATLAS` of the same model: it says what is usual")
	flags.Bank(f, &q.Bank, &q.Truncate, "label pairs by it")
	flags.Compat(f, &q.Reference, "add up how long contributions are, so that a pair that fires less than usual counts as if it fired more")
	flags.Number(f, &q.Strongest, "strongest", 500, flags.Some, "take so many pairs, the strongest")
	flags.Number(f, &q.Terms, "terms", 0, flags.SomeOrNone, "texts in a label, at most (default 64, and of a small bank an eighth of it)")
	flags.Number(f, &q.Top, "top", 20, flags.Some, "show at most so many: words")
	return cmd
}
