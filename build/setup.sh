#!/bin/sh
# Installs what is missing of the named Debian packages; silent when nothing is.
#
#   build/setup.sh go gcc nodejs npm wrk python3-gevent
#
# A package counts as present when what it is wanted for works, however it was
# installed. "go" is only checked: Debian's own is too old, so it is never installed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }
die() {
	printf 'build/setup.sh: %s\n' "$*" >&2
	exit 1
}

# check_go demands the Go version that go.mod names, or a newer one.
check_go() {
	need=$(sed -n 's/^go //p' go.mod)
	command -v go >/dev/null || die "Go $need or newer is needed and no \"go\" is in PATH: get it from https://go.dev/dl/"
	have=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//') || have=
	[ -n "$have" ] || die "Go $need or newer is needed and this one cannot read go.mod ($(go version 2>&1)): get a newer one from https://go.dev/dl/"
	oldest=$(printf '%s\n' "$need" "$have" | sort -V | head -n 1)
	[ "$oldest" = "$need" ] || die "Go $need or newer is needed, $have is in PATH: get a newer one from https://go.dev/dl/"
}

# library names a library as pkg-config does.
library() {
	case $1 in
	libgtk-3-dev) echo gtk+-3.0 ;;
	libwebkit2gtk-4.1-dev) echo webkit2gtk-4.1 ;;
	*) echo "${1%-dev}" ;;
	esac
}

# works says whether what package $1 is wanted for can be used already.
works() {
	case $1 in
	gcc) command -v gcc >/dev/null && echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1 ;;
	nodejs) command -v node >/dev/null ;;
	postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
	mariadb-server) command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] ;;
	default-jdk-headless) command -v javac >/dev/null ;;
	libh2-java) [ -f /usr/share/java/h2.jar ] ;;
	nsis) command -v makensis >/dev/null ;;
	debootstrap) [ -x /usr/sbin/debootstrap ] ;;
	systemd-container) command -v systemd-nspawn >/dev/null ;;
	librsvg2-bin) command -v rsvg-convert >/dev/null ;;
	lib*-dev) pkg-config --exists "$(library "$1")" 2>/dev/null ;;
	imagemagick) command -v import >/dev/null ;;
	xvfb) command -v Xvfb >/dev/null ;;
	dbus) command -v dbus-daemon >/dev/null ;;
	fonts-dejavu-core) [ -d /usr/share/fonts/truetype/dejavu ] ;;
	iproute2) command -v ip >/dev/null ;;
	python3-*) /usr/bin/python3 -c "import ${1#python3-}" >/dev/null 2>&1 ;; # Debian's own, whatever PATH says
	*) command -v "$1" >/dev/null ;;
	esac
}

# install_missing installs the packages in "$@" as root, or says what to type.
install_missing() {
	command -v apt-get >/dev/null || die "missing: $*; this is no Debian system, so install them with its own package manager"
	root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "missing: $*; as root type: apt-get install $*"
		root=sudo
	fi
	# Servers are for tests, which start their own: a run level of 1 keeps the packages' scripts from it.
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
	if ! apt-get install --simulate --no-install-recommends "$@" >/dev/null 2>&1; then
		say "apt-get update (the package lists are missing or old)"
		$root apt-get update -qq
	fi
	say "apt-get install $*"
	$root apt-get install -y -qq --no-install-recommends "$@" >/dev/null || die "apt-get could not install: $*"
}

missing=
for package; do
	if [ "$package" = go ]; then
		check_go
	elif ! works "$package"; then
		missing="$missing $package"
		# The headers that gcc only recommends.
		[ "$package" != gcc ] || missing="$missing libc6-dev"
	fi
done
[ -z "$missing" ] && exit 0

# shellcheck disable=SC2086 # one word a package
install_missing $missing
for package in $missing; do
	[ "$package" = libc6-dev ] || works "$package" || die "$package is installed, but still does not work here"
done
