package cli

import (
	"github.com/spf13/cobra"
)

const completionLong = `Writes a script that makes a shell complete commands, flags and, when the cluster
can be reached, kinds, names of definitions, fields and services.

  bash        source <(signalbox completion bash)
              for good: signalbox completion bash > /etc/bash_completion.d/signalbox
              (needs the package bash-completion)
  zsh         signalbox completion zsh > "${fpath[1]}/_signalbox"
  fish        signalbox completion fish > ~/.config/fish/completions/signalbox.fish
  powershell  signalbox completion powershell | Out-String | Invoke-Expression`

func newCompletion(_ *app) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Shell completion for bash, zsh, fish or powershell",
		Long: completionLong,
		Example: `  source <(signalbox completion bash)
  signalbox completion fish > ~/.config/fish/completions/signalbox.fish`,
		Args: args(1, 1, "bash, zsh, fish or powershell"), ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, given []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch given[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usagef("there is no completion for the shell %q; there is one for bash, zsh, fish and powershell", given[0])
		},
	}
}
