package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"signalbox.internal/node/backup"
	"signalbox.internal/odb"
)

// passphraseVar is where a passphrase may come from.
const passphraseVar = "SIGNALBOX_PASSPHRASE"

// passphrases finds the passphrase of a backup.
type passphrases struct {
	a    *app
	file string
}

func (a *app) addPassphrase(cmd *cobra.Command) *passphrases {
	p := &passphrases{a: a}
	cmd.Flags().StringVar(&p.file, "passphrase-file", "", "file with the passphrase, - for standard input; else "+passphraseVar+", else it is asked for")
	_ = cmd.MarkFlagFilename("passphrase-file")
	return p
}

// given takes the passphrase from the file or from the environment, and reports
// whether one of them has it.
func (p *passphrases) given() (string, bool, error) {
	if p.file != "" {
		in := input{a: p.a}
		text, err := in.read(p.file)
		return trimNewline(text), true, err
	}
	text := p.a.getenv(passphraseVar)
	return text, text != "", nil
}

// forOpening returns the passphrase of a backup that exists.
func (p *passphrases) forOpening() (string, error) {
	text, ok, err := p.given()
	if ok || err != nil {
		return text, err
	}
	return p.ask("passphrase of the backup")
}

// forMaking returns a passphrase to make a backup with; one that is typed is
// typed twice.
func (p *passphrases) forMaking() (string, error) {
	text, ok, err := p.given()
	if err != nil {
		return "", err
	}
	if !ok {
		if text, err = p.ask("new passphrase"); err != nil {
			return "", err
		}
	}
	if err := backup.CheckPassphrase(text); err != nil {
		if e, ours := errors.AsType[*odb.Error](err); ours && len(e.Faults) > 0 {
			return "", usagef("the passphrase %s", e.Faults[0].Message)
		}
		return "", usagef("%w", err)
	}
	if ok {
		return text, nil
	}
	again, err := p.ask("once more")
	if err != nil {
		return "", err
	}
	if again != text {
		return "", failf(exitFailed, "the two passphrases differ; nothing was done")
	}
	return text, nil
}

func (p *passphrases) ask(what string) (string, error) {
	if !isTerminal(p.a.env.Stdin) {
		return "", usagef("a passphrase is needed, and there is no terminal to ask on").
			trying("--passphrase-file FILE, or %s", passphraseVar)
	}
	in := input{a: p.a}
	return in.secret(what)
}

// fileFault gives what is wrong with a backup its exit code and advice.
func fileFault(err error) error {
	switch {
	case errors.Is(err, backup.ErrPassphrase):
		return failf(exitNotAllowed, "%w", err).trying("the passphrase that it was made with; nobody can open it without")
	case errors.Is(err, backup.ErrDamaged):
		return failf(exitFailed, "%w", err).trying("another copy of it, or an older backup")
	}
	return err
}
