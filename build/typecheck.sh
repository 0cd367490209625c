#!/bin/sh
# Checks the types of all TypeScript in the repository: every folder that has a tsconfig.json.
# The compiler comes from npm into .tools on first use.
set -eu
cd "$(dirname "$0")/.."

version=7.0.2
tools=.tools/typescript-$version
tsc=$tools/node_modules/.bin/tsc

projects=$(find . \( -name node_modules -o -name dist -o -name testdata -o -path './.*' \) -prune -o -name tsconfig.json -print | sort)
[ -n "$projects" ] || exit 0

build/setup.sh nodejs npm
if [ ! -x "$tsc" ]; then
	echo "==> npm install typescript@$version into .tools (once)"
	npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error "typescript@$version"
fi
for project in $projects; do
	[ "$project" != ./frontend/tsconfig.json ] || build/ui.sh deps
	echo "==> tsc -p ${project#./}"
	"$tsc" --noEmit -p "$project"
done
