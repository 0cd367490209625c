#!/bin/sh
# Builds the release archives of signalbox into ./dist: static binaries for every
# platform, each with README, LICENSE, NOTICE and the licences of what is linked in
# (and for Linux the systemd unit), and SHA256SUMS over all of them. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."

platforms="linux/amd64 linux/arm64 windows/amd64 darwin/arm64"
command=./node/cmd/signalbox
version_variable=main.version

version=$(git describe --tags --always --dirty)
when=$(git log -1 --format=%ct)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

say() { printf '==> %s\n' "$*"; }
die() {
	printf 'build/dist.sh: %s\n' "$*" >&2
	exit 1
}

# licences prints the licence texts of the standard library and of every module in the
# binary for $1/$2. A module without one may not be shipped, so that is an error.
licences() {
	printf 'Go standard library\n\n'
	cat "$(go env GOROOT)/LICENSE"
	GOOS=$1 GOARCH=$2 CGO_ENABLED=0 go list -deps \
		-f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' "$command" |
		sort -u >"$stage/modules"
	while read -r module release dir; do
		found=$(find "$dir" -maxdepth 1 -type f \( -iname 'LICEN[CS]E*' -o -iname 'COPYING*' -o -iname 'NOTICE*' \) | sort)
		[ -n "$found" ] || die "module $module has no licence file, so it cannot be shipped"
		printf '\n%s\n%s %s\n\n' "------------------------------------------------------------" "$module" "$release"
		printf '%s\n' "$found" | while read -r file; do cat "$file"; done
	done <"$stage/modules"
}

# pack puts folder $1 of the stage into one archive in dist: zip for Windows, tar.gz otherwise.
pack() {
	find "$stage/$1" -exec touch -d "@$when" {} +
	case $1 in
	*windows*) (cd "$stage" && find "$1" -type f | sort | TZ=UTC zip -qX "$OLDPWD/dist/$1.zip" -@) ;;
	*) tar -C "$stage" --sort=name --mtime="@$when" --mode=u+rwX,go+rX,go-w \
		--owner=0 --group=0 --numeric-owner -cf - "$1" |
		gzip -n >"dist/$1.tar.gz" ;;
	esac
}

rm -rf dist
mkdir -p dist
for platform in $platforms; do
	os=${platform%/*} arch=${platform#*/}
	name=signalbox-$version-$os-$arch
	binary=signalbox
	[ "$os" != windows ] || binary=signalbox.exe
	say "$name"
	mkdir -p "$stage/$name"
	GOOS=$os GOARCH=$arch CGO_ENABLED=0 go build -trimpath -buildvcs=true \
		-ldflags "-s -w -X $version_variable=$version" -o "$stage/$name/$binary" "$command"
	licences "$os" "$arch" >"$stage/$name/THIRD-PARTY-LICENSES.txt"
	cp README.md LICENSE NOTICE "$stage/$name/"
	[ "$os" != linux ] || cp -R build/systemd "$stage/$name/"
	if [ "$os/$arch" = "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" ]; then
		"$stage/$name/$binary" version | grep -qF "$version" ||
			die "signalbox version does not print $version: is the variable still called $version_variable?"
	fi
	pack "$name"
done
(cd dist && sha256sum signalbox-* >SHA256SUMS && cat SHA256SUMS)
