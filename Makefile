# What a developer types. `make` alone lists it. Everything that is missing is installed on
# first use and named: Debian packages by build/setup.sh, tools into .tools, modules by go.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

# The Go tools, each pinned and kept in a folder that carries its version.
GOLANGCI_VERSION  := v2.15.0
BENCHSTAT_VERSION := v0.0.0-20260908200009-22c9c6c9d4da
VULNCHECK_VERSION := v1.9.0
NFPM_VERSION      := v2.45.1
WINRES_VERSION    := v0.3.3
GOLANGCI  := $(CURDIR)/.tools/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint
BENCHSTAT := $(CURDIR)/.tools/benchstat-$(BENCHSTAT_VERSION)/benchstat
VULNCHECK := $(CURDIR)/.tools/govulncheck-$(VULNCHECK_VERSION)/govulncheck
NFPM      := $(CURDIR)/.tools/nfpm-$(NFPM_VERSION)/nfpm
WINRES    := $(CURDIR)/.tools/go-winres-$(WINRES_VERSION)/go-winres

# One Go binary without cgo is what we ship; the race detector alone needs cgo, hence gcc.
export CGO_ENABLED := 0

.PHONY: help run desktop ui e2e screenshots test chaos check bench fmt audit icons dist distcheck clean go

help: ## List these targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: go ## Build and run a box with the demo and its user interface in the foreground; its data stays in build/dev/demo
	@if build/ui.sh fresh; then tags="-tags ui"; \
	else echo "==> the user interface cannot be built here (see above): going on without it"; tags=; fi; \
	echo "==> go build $$tags ./node/cmd/signalbox"; \
	go build $$tags -o build/dev/signalbox ./node/cmd/signalbox
	@echo "==> signalbox up --demo --dir build/dev/demo (stop it with Ctrl-C)"
	@exec build/dev/signalbox up --demo --dir build/dev/demo

desktop: go ## Build and run the desktop app from source (ARGS="…" for its flags)
	@build/desktop.sh run $(ARGS)

ui: ## Build the user interface into frontend/dist; a binary has it when built with -tags ui
	@build/ui.sh build

e2e: go ## Drive the user interface in Chromium against a real cluster, every screen light and dark (some minutes)
	@build/ui.sh e2e

screenshots: go ## Take pictures of every screen, light and dark, in two sizes, into build/dev/screenshots (or DIR=…)
	@build/ui.sh e2e $(or $(DIR),build/dev/screenshots/)

test: go ## Test everything: vet, architecture rules, all packages under -race in random order, TypeScript types, the user interface's logic and the whole of it in Chromium, the desktop app's window
	@build/setup.sh gcc curl postgresql mariadb-server default-jdk-headless libh2-java iproute2 iptables
	@build/plsql.sh
	@build/ui.sh deps
	@echo "==> go vet ./..."
	@go vet ./...
	@echo "==> go test . (architecture rules)"
	@go test .
	@build/setup.sh xvfb openbox xdotool imagemagick dbus fonts-dejavu-core
	@build/desktop.sh build build/dev/signalbox-desktop
	@echo "==> go test -race -shuffle=on -timeout 20m ./..."
	@CGO_ENABLED=1 SIGNALBOX_TEST_REQUIRE=1 SIGNALBOX_TEST_DESKTOP=$(CURDIR)/build/dev/signalbox-desktop go test -race -shuffle=on -timeout 20m ./...
	@echo "==> go run ./build/bench -short -only start,deploy,odb (make bench measures all, for longer)"
	@go run ./build/bench -short -only start,deploy,odb
	@build/typecheck.sh
	@build/ui.sh test
	@build/ui.sh e2e --short

chaos: go ## Test for some minutes what holds when servers and nodes die (the ordinary tests do it for seconds)
	@build/setup.sh postgresql mariadb-server iproute2 iptables
	@echo "==> SIGNALBOX_CHAOS=1 go test -run 'Away|Kill|Restarted|Without|Older|Missing|Damaged' ./node ./odb/sqldb"
	@SIGNALBOX_CHAOS=1 SIGNALBOX_TEST_REQUIRE=1 go test -count 1 -v -run 'Away|Kill|Restarted|Without|Older|Missing|Damaged' ./node ./odb/sqldb | grep -v '^=== '
	@echo "==> SIGNALBOX_CHAOS=1 go test ./node/nodetest (clusters of real processes, in network namespaces)"
	@SIGNALBOX_CHAOS=1 SIGNALBOX_TEST_REQUIRE=1 go test -count 1 -v -timeout 30m ./node/nodetest | grep -v '^=== '

check: go $(GOLANGCI) ## What must pass before a commit: formatting, vet, lint, other platforms, then make test
	@echo "==> golangci-lint fmt --diff (mend with: make fmt)"
	@$(GOLANGCI) fmt --diff
	@echo "==> go vet ./..."
	@go vet ./...
	@echo "==> golangci-lint run"
	@$(GOLANGCI) run
	@for os in windows darwin; do \
		echo "==> GOOS=$$os go build ./node/cmd/signalbox"; \
		GOOS=$$os go build -o /dev/null ./node/cmd/signalbox; \
	done
	@build/desktop.sh windows
	@$(MAKE) test

bench: go $(BENCHSTAT) ## Run the Go benchmarks, compare them with the run before, then print the figures
	@mkdir -p build/dev
	@echo "==> go test -bench . ./... (into build/dev/bench.txt)"
	@go test -run '^$$' -bench . -benchmem -count 6 -benchtime 200ms ./... | tee build/dev/bench.tmp
	@if [ -f build/dev/bench.txt ]; then mv build/dev/bench.txt build/dev/bench-before.txt; fi
	@mv build/dev/bench.tmp build/dev/bench.txt
	@if [ -f build/dev/bench-before.txt ]; then \
		echo "==> benchstat: the run before and this one"; \
		$(BENCHSTAT) build/dev/bench-before.txt build/dev/bench.txt; \
	fi
	@build/setup.sh wrk gunicorn python3-gevent postgresql mariadb-server
	@echo "==> go run ./build/bench"
	@go run ./build/bench

fmt: go $(GOLANGCI) ## Format all Go code (gofumpt, grouped imports)
	@$(GOLANGCI) fmt

audit: go $(VULNCHECK) ## Look up known vulnerabilities of what the binary calls (asks vuln.go.dev)
	@$(VULNCHECK) ./node/cmd/signalbox

icons: go ## Draw all icons anew from frontend/public/icon.svg (they are committed)
	@build/setup.sh librsvg2-bin
	@echo "==> go run ./build/icons"
	@go run ./build/icons

dist: go $(NFPM) $(WINRES) ## Make the packages, archives and installers of a release into dist
	@build/setup.sh git zip nodejs npm gcc pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev nsis
	@NFPM=$(NFPM) WINRES=$(WINRES) build/dist.sh

distcheck: ## Prove what make dist made: install, start, upgrade, remove in a real Debian (root; some minutes)
	@build/dist-check.sh

clean: ## Remove what make made, but not .tools and not the demo's data
	rm -rf dist frontend/dist build/dev/signalbox build/dev/signalbox-desktop build/dev/signalbox-desktop.exe build/dev/bench.tmp

go:
	@build/setup.sh go

define install
	@echo "==> go install $(1)@$(2) into .tools (once, takes some minutes)"
	@GOBIN=$(@D) go install $(1)@$(2)
endef

$(GOLANGCI):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_VERSION))

$(BENCHSTAT):
	$(call install,golang.org/x/perf/cmd/benchstat,$(BENCHSTAT_VERSION))

$(VULNCHECK):
	$(call install,golang.org/x/vuln/cmd/govulncheck,$(VULNCHECK_VERSION))

$(NFPM):
	$(call install,github.com/goreleaser/nfpm/v2/cmd/nfpm,$(NFPM_VERSION))

$(WINRES):
	$(call install,github.com/tc-hib/go-winres,$(WINRES_VERSION))
