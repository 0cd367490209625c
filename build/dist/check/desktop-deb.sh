# Runs in the container: the desktop's .deb brings everything that its window needs.
set -eu
. /proof/common.sh

step "apt install"
quietly apt-get update
quietly apt-get install -y --no-install-recommends /proof/signalbox-desktop_*.deb desktop-file-utils appstream xvfb xauth x11-utils
fails sh -c "ldd /usr/bin/signalbox-desktop | grep 'not found'"
quietly signalbox-desktop -version

step "menu entry, icon and links"
desktop-file-validate /usr/share/applications/signalbox-desktop.desktop
quietly appstreamcli validate --no-net /usr/share/metainfo/signalbox-desktop.metainfo.xml
update-desktop-database /usr/share/applications
grep -q '^x-scheme-handler/signalbox=signalbox-desktop.desktop' /usr/share/applications/mimeinfo.cache

step "its window opens"
cat >/tmp/window <<'END'
signalbox-desktop -dir /tmp/saved >/tmp/log 2>&1 &
app=$!
for _ in $(seq 150); do
	if xwininfo -root -tree | grep -q '"Signalbox": ("signalbox-desktop"'; then
		kill $app
		wait $app
		exit 0
	fi
	sleep 0.2
done
cat /tmp/log
xwininfo -root -tree
exit 1
END
quietly dbus-run-session -- xvfb-run -a sh /tmp/window

step "newer systems have what it needs, by the new names"
newer=/tmp/trixie
mkdir -p $newer/lists/partial $newer/cache/archives/partial
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >$newer/sources.list
: >$newer/status
newer_apt() {
	apt-get -o Dir::Etc::SourceList=$newer/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$newer/lists \
		-o Dir::State::Status=$newer/status -o Dir::Cache=$newer/cache "$@"
}
quietly newer_apt update
quietly newer_apt --simulate --no-install-recommends install /proof/signalbox-desktop_*.deb
grep -q '^Inst libgtk-3-0t64 ' /tmp/output

step "purge"
quietly apt-get purge -y signalbox-desktop
[ ! -e /usr/share/icons/hicolor/48x48/apps/signalbox-desktop.png ]
touch /proof/passed
