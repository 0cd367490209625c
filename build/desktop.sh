#!/bin/sh
# The desktop app from source.
#
#   build/desktop.sh build [FILE]    builds it, into build/dev/signalbox-desktop when no file is named
#   build/desktop.sh run [ARG...]    builds and starts it
#   build/desktop.sh windows         compiles it for Windows, to see that it does
set -eu
cd "$(dirname "$0")/.."

tags=desktop,production
if [ "$(uname -s)" = Linux ]; then
	tags=$tags,webkit2_41
fi

build() {
	if [ "$(uname -s)" = Linux ]; then
		build/setup.sh gcc pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev
	fi
	build/ui.sh fresh
	echo "==> go build -tags $tags . (the first time takes a minute or two)"
	CGO_ENABLED=1 go build -tags "$tags" -trimpath -ldflags "-s -w" -o "$1" .
}

case ${1:-} in
build)
	build "${2:-build/dev/signalbox-desktop}"
	;;
run)
	shift
	build build/dev/signalbox-desktop
	echo "==> build/dev/signalbox-desktop $*"
	exec build/dev/signalbox-desktop "$@"
	;;
windows)
	build/ui.sh fresh
	echo "==> GOOS=windows go build -tags desktop,production ."
	GOOS=windows CGO_ENABLED=0 go build -tags desktop,production -ldflags "-s -w -H windowsgui" -o build/dev/signalbox-desktop.exe .
	;;
*)
	echo "build/desktop.sh: build, run or windows is needed" >&2
	exit 2
	;;
esac
