#!/bin/sh
# Proves what make dist made, as root on Debian: checksums, what lintian and rpm say, and
# then the packages themselves in a Debian that runs systemd in a container, which
# debootstrap makes once in .tools: install, start, use, upgrade, remove, purge.
set -eu
cd "$(dirname "$0")/.."

suite=bookworm
base=$PWD/.tools/debian-$suite-2

say() { printf '==> %s\n' "$*"; }
die() {
	printf 'build/dist-check.sh: %s\n' "$*" >&2
	exit 1
}

# one prints the only file that pattern $1 names in dist.
one() {
	# shellcheck disable=SC2086 # a pattern
	set -- dist/$1
	[ -e "$1" ] && [ $# = 1 ] || die "one file $1 is wanted in dist: run make dist"
	echo "$1"
}

# contained boots the Debian with script $1 and the packages that follow, waits for its end
# and shows what it said. The Debian itself stays as it is.
contained() {
	proof=$(mktemp -d)
	script=$1
	shift
	cp "build/dist/check/$script" build/dist/check/common.sh "$@" "$proof/"
	cat >"$proof/proof.service" <<-END
		[Service]
		ExecStart=/bin/sh /proof/$script
		ExecStopPost=/bin/systemctl --no-block start poweroff.target
		StandardOutput=append:/proof/said
		StandardError=inherit
		Environment=HOME=/root LC_ALL=C.UTF-8
	END
	timeout 900 systemd-nspawn --quiet --register=no --keep-unit --volatile=overlay --console=pipe \
		--directory="$base" --bind="$proof:/proof" --bind-ro="$proof/proof.service:/etc/systemd/system/proof.service" \
		${network---private-network} --boot systemd.unit=multi-user.target systemd.wants=proof.service \
		</dev/null >"$proof/console" 2>&1 || true
	cat "$proof/said" 2>/dev/null || cat "$proof/console"
	[ -e "$proof/passed" ] || die "$script: that does not hold (its files are in $proof)"
	rm -rf "$proof"
}

[ "$(id -u)" = 0 ] || die "only root can start containers"
build/setup.sh debootstrap systemd-container rpm lintian unzip

say "checksums"
(cd dist && sha256sum --quiet -c SHA256SUMS)
[ "$(cd dist && find . -type f ! -name SHA256SUMS ! -name .made | wc -l)" = "$(wc -l <dist/SHA256SUMS)" ] ||
	die "dist has a file that SHA256SUMS does not name"

node_deb=$(one "signalbox_*_amd64.deb")
desktop_deb=$(one "signalbox-desktop_*_amd64.deb")
say "lintian"
lintian --allow-root --fail-on error,warning dist/*.deb
for rpm in dist/*.rpm; do
	say "rpm -K ${rpm#dist/}"
	rpm -Kv --nosignature "$rpm" >/dev/null || die "$rpm is damaged"
	rpm -qp --scripts "$rpm" | awk '/scriptlet \(using/ { next } { print }' | sh -n || die "a script of $rpm cannot be read"
done

if [ ! -d "$base" ]; then
	say "debootstrap $suite into ${base#"$PWD/"} (once)"
	rm -rf "$base.part"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl,rpm,ca-certificates "$suite" "$base.part" >"$base.log" 2>&1 ||
		die "debootstrap does not work here: see $base.log"
	: >"$base.part/etc/machine-id"
	mv "$base.part" "$base"
fi
say "the node's .deb"
contained node-deb.sh "$node_deb"
say "the node's .rpm"
contained node-rpm.sh "$(one "signalbox-[0-9]*.x86_64.rpm")"
say "the desktop's .deb (gets GTK and WebKit from the mirror)"
network= contained desktop-deb.sh "$desktop_deb"
say "the installer for Windows (gets Wine from the mirror)"
unpacked=$(mktemp -d)
unzip -qj "$(one "signalbox-desktop-*-windows-amd64.zip")" '*/signalbox-desktop.exe' -d "$unpacked"
cp "$(one "signalbox-desktop-*-setup.exe")" "$unpacked/setup.exe"
network= contained windows-setup.sh "$unpacked"/*
rm -rf "$unpacked"
say "all of it holds"
