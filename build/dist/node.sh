# The node's part of build/dist.sh.
# shellcheck shell=sh

node_platforms="linux/amd64 linux/arm64 windows/amd64 darwin/arm64"
node_command=./node/cmd/signalbox
node_version_variable=main.version

# node_release makes the node's archives, packages and bill of materials.
node_release() {
	for platform in $node_platforms; do
		node_archive "${platform%/*}" "${platform#*/}"
	done
	node_documents
	for platform in $node_platforms; do
		case $platform in
		linux/*) node_packages "${platform#*/}" ;;
		esac
	done
	say "signalbox-$version.cdx.json"
	inventory cyclonedx -ui frontend -name signalbox -version "$version" -time "$when" \
		"$stage"/signalbox-"$version"-*/signalbox "$stage"/signalbox-"$version"-*/signalbox.exe >"dist/signalbox-$version.cdx.json"
}

# node_archive builds the node for $1/$2 and packs it with what one needs beside it.
node_archive() {
	name=signalbox-$version-$1-$2
	binary=signalbox
	[ "$1" != windows ] || binary=signalbox.exe
	say "$name"
	mkdir -p "$stage/$name"
	compile "$1" "$2" "$node_command" "$stage/$name/$binary" -tags ui -ldflags "-s -w -X $node_version_variable=$version"
	inventory licences -ui frontend "$stage/$name/$binary" >"$stage/$name/THIRD-PARTY-LICENSES.txt"
	cp README.md LICENSE NOTICE "$stage/$name/"
	[ "$1" != linux ] || cp -R build/systemd "$stage/$name/"
	pack "$name"
}

# node_documents lets the program write its manual page and what completes its commands. A
# machine that can run none of the released programs builds one for itself.
node_documents() {
	here=$(go env GOHOSTOS)-$(go env GOHOSTARCH)
	program=$stage/signalbox-$version-$here/signalbox
	[ -x "$program" ] || compile "$(go env GOHOSTOS)" "$(go env GOHOSTARCH)" "$node_command" "$program" -ldflags "-X $node_version_variable=$version"
	"$program" version | grep -qF "$version" ||
		die "signalbox version does not print $version: is the variable still called $node_version_variable?"
	docs=$stage/node-documents
	mkdir "$docs"
	for shell in bash zsh fish; do
		"$program" completion "$shell" >"$docs/signalbox.$shell"
	done
	build/linux/manpage.sh "$program" "$version" "$(date -u -d "@$when" +%F)" | gzip -9n >"$docs/signalbox.1.gz"
}

# node_packages makes the Linux packages of the node for architecture $1.
node_packages() {
	from=$stage/node-package-$1
	mkdir "$from"
	cp -R "$stage/signalbox-$version-linux-$1"/signalbox "$stage/signalbox-$version-linux-$1"/*.txt "$stage/node-documents"/* "$from/"
	documents "$from" signalbox
	package signalbox "$1" "$from"
}
