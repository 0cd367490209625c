#!/bin/sh
# The user interface: its npm packages, its build into frontend/dist, its tests.
#
#   build/ui.sh deps|build|test
#
# The versions are those of frontend/package-lock.json, no others.
set -eu
cd "$(dirname "$0")/../frontend"

../build/setup.sh nodejs npm
if ! cmp -s package-lock.json node_modules/.package-lock.used; then
	echo "==> npm ci in frontend (when package-lock.json changed)"
	npm ci --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.package-lock.used
fi

case ${1:-build} in
deps) ;;
build)
	echo "==> vite build (into frontend/dist)"
	node_modules/.bin/vite build --logLevel warn
	;;
test)
	echo "==> vitest run (frontend)"
	node_modules/.bin/vitest run --reporter=dot
	;;
*)
	echo "build/ui.sh: deps, build or test is needed, not $1" >&2
	exit 1
	;;
esac
