package cli

import (
	"context"
	"fmt"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/deploy"
)

// dryRun has the cluster compile packages and shows what deploying them would do.
func (d *deployer) dryRun(ctx context.Context, found []deploy.Found, packages []client.Package) error {
	checked, err := d.c.Check(ctx, client.CheckRequest{Packages: packages})
	if err != nil {
		return fmt.Errorf("deploy: %w", err)
	}
	faults := 0
	for _, p := range checked {
		faults += len(p.Messages)
	}
	if err := d.a.show(list(checked), func(o *screen) { checkTable(o, found, checked) }); err != nil {
		return err
	}
	if faults > 0 {
		for _, p := range checked {
			for _, m := range p.Messages {
				d.a.err.place(find(found, m.Package), m)
			}
		}
		return failf(exitFailed, "deploy: %s, nothing was changed", plural(faults, "fault"))
	}
	return nil
}

// checkTable tells what each package would change.
func checkTable(o *screen, found []deploy.Found, checked []client.CheckedPackage) {
	for _, p := range checked {
		for _, w := range p.Warnings {
			o.place(find(found, w.Package), w)
		}
		switch {
		case !p.OK:
			o.line("package %s %s", clean(p.Package), o.paint(red, "cannot be deployed"))
			continue
		case len(p.Changes) == 0:
			o.line("package %s is in force as it is, version %s", clean(p.Package), shortHash(p.Hash))
		default:
			o.line("package %s can be deployed, version %s", clean(p.Package), shortHash(p.Hash))
		}
		for _, c := range p.Changes {
			o.line("  %s service %s", c.Op, clean(c.Service))
		}
	}
}
