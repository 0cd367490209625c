#!/bin/sh
# The user interface: its npm packages, its build into frontend/dist, its tests.
#
#   build/ui.sh deps|build|fresh|test    fresh builds when something is newer than the last build
#   build/ui.sh e2e [--short] [FOLDER] [AREA…]
#       drives it in Chromium against a real cluster; pictures go into FOLDER, which has a
#       slash in it; areas are the files of frontend/e2e (all without one). The short form
#       looks at each screen in one look, light or dark, in place of both
#   build/ui.sh pictures    takes those of docs/ anew
#
# The versions are those of frontend/package-lock.json, no others.
set -eu
here=$PWD
cd "$(dirname "$0")/../frontend"

if [ "${1:-}" = fresh ]; then
	if [ -f dist/index.html ] && [ -z "$(find src public index.html package-lock.json tsconfig.json vite.config.ts -newer dist/index.html)" ]; then
		exit 0
	fi
	set -- build
fi

../build/setup.sh nodejs npm
if ! cmp -s package-lock.json node_modules/.package-lock.used; then
	echo "==> npm ci in frontend (when package-lock.json changed)"
	npm ci --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.package-lock.used
fi

bundle() {
	node_modules/.bin/vite build --logLevel warn
	node size.mjs
}

case ${1:-build} in
deps) ;;
build)
	echo "==> vite build (into frontend/dist)"
	bundle
	;;
test)
	echo "==> vitest run (frontend)"
	node_modules/.bin/vitest run --reporter=dot
	;;
e2e)
	../build/setup.sh chromium
	bundle
	mkdir -p ../build/dev
	echo "==> go build the node and the console"
	(cd .. && go build -tags testkind,ui -o build/dev/e2e-node ./node/cmd/signalbox && go build -o build/dev/e2e-console ./app/console)
	shift
	short=
	if [ "${1:-}" = --short ]; then short=$1 && shift; fi
	case ${1:-} in
	/*) folder=$1 && shift && set -- --shots "$folder" "$@" ;;
	*/*) folder=$here/$1 && shift && set -- --shots "$folder" "$@" ;;
	esac
	set -- $short "$@"
	echo "==> node e2e/run.mjs $* (a real cluster, a real browser)"
	node e2e/run.mjs ../build/dev/e2e-node ../build/dev/e2e-console "$@"
	;;
pictures)
	../build/setup.sh chromium
	bundle
	mkdir -p ../build/dev
	echo "==> node e2e/pictures.mjs (into docs)"
	(cd .. && go build -o build/dev/pictures-node ./node/cmd/signalbox && go build -o build/dev/e2e-console ./app/console)
	node e2e/pictures.mjs ../build/dev/pictures-node ../build/dev/e2e-console ../docs
	;;
*)
	echo "build/ui.sh: deps, build, fresh, test, e2e or pictures is needed, not $1" >&2
	exit 1
	;;
esac
