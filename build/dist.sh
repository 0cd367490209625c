#!/bin/sh
# Makes everything that is released into ./dist, from what is checked out:
#
#   the node      archives for every platform, .deb and .rpm for Linux
#   the desktop   archive, .deb and .rpm for Linux, archive and installer for Windows
#
# with a bill of materials of both, and SHA256SUMS over all of it. The same commit gives the
# same bytes. Called by make dist, which names the tools in NFPM and WINRES.
set -eu
cd "$(dirname "$0")/.."
: "${NFPM:?is set by make dist}" "${WINRES:?is set by make dist}"

version=$(build/version.sh)
when=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH="$when" TZ=UTC LC_ALL=C
stage=$(mktemp -d)
trap 'rm -rf "$stage" resources_windows_amd64.syso' EXIT

. build/dist/common.sh
. build/dist/node.sh
. build/dist/desktop.sh

made=$version\ $(go version)\ $(node --version)
if [ "$(cat dist/.made 2>/dev/null)" = "$made" ] && [ -z "$(git status --porcelain)" ] &&
	(cd dist && sha256sum --quiet -c SHA256SUMS 2>/dev/null); then
	say "dist holds $version already (make clean removes it)"
	exit 0
fi

rm -rf dist
mkdir dist
build/ui.sh build
node_release
desktop_release
(cd dist && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
echo "$made" >dist/.made
