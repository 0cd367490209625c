package config_test

import (
	"fmt"
	"testing"

	"signalbox.internal/node/config"
)

// What a box has for itself stays there: its name, addresses, database and log.
func TestShared(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		flags map[string]string
		want  string
	}{
		"defaults":       {nil, "map[]"},
		"at the default": {map[string]string{"service_timeout": "30s"}, "map[]"},
		"limits":         {map[string]string{"service_timeout": "5s", "service_memory": "64MiB", "service_vms": "70"}, "map[service_memory:64MiB service_timeout:5s service_vms:70]"},
		"of the box": {map[string]string{
			"name": "box", "cluster": "acme", "traffic": "127.0.0.1:1", "control": "127.0.0.1:2", "log_level": "debug",
			"odb": "postgres://u:secret@h/d", "deploy_folder": "false", "deploy_every": "5s",
		}, "map[]"},
	} {
		cfg, _, err := config.Load(t.TempDir(), nil, tc.flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(cfg.Shared()); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		for key := range cfg.Shared() {
			if !config.IsShared(key) {
				t.Errorf("%s is shared and is not", key)
			}
		}
	}
	if config.IsShared("odb") || config.IsShared("nothing") {
		t.Error("odb or nothing counts as shared")
	}
}
