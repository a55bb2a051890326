package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// Command is facet's command line, for programs that write about it: its verbs, their flags and their help. It prints to out.
func Command(out io.Writer) *cobra.Command { return (&app{stdout: out, stderr: out}).root() }
