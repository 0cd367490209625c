# Runs in the container: the installer for Windows, in Wine. The program itself cannot run
# there: this Wine is too old for it and has no WebView2.
set -eu
. /proof/common.sh
export WINEDEBUG=-all WINEPREFIX=/root/wine WINEARCH=win64

windows() { xvfb-run -a /usr/lib/wine/wine64 "$@"; }
value() { windows reg query "HKCU\\Software\\$1" "${3:-/v}" ${2:+"$2"} 2>/dev/null | tr -d '\r' | sed -n 's/.*REG_SZ *//p'; }

step "Wine"
quietly apt-get update
quietly apt-get install -y --no-install-recommends wine wine64 xvfb xauth icoutils
quietly windows wineboot -i

step "the program has an icon where Wails looks for it, a version and a manifest"
wrestool -l /proof/signalbox-desktop.exe >/tmp/resources
grep -q -- '--type=14 --name=3 ' /tmp/resources
grep -q -- '--type=16 --name=1 ' /tmp/resources
wrestool -x --raw -t 24 /proof/signalbox-desktop.exe | grep -q permonitorv2

step "an old Windows is refused"
quietly windows winecfg -v win7
fails windows /proof/setup.exe /S
quietly windows winecfg -v win10

step "it installs for the user alone, with menu entry, links and a way back"
quietly windows /proof/setup.exe /S
place='/root/wine/drive_c/users/root/AppData/Local/Programs/Signalbox'
cmp /proof/signalbox-desktop.exe "$place/signalbox-desktop.exe"
[ -s "$place/THIRD-PARTY-LICENSES.txt" ]
[ -n "$(find /root/wine/drive_c/users -name Signalbox.lnk)" ]
program='C:\users\root\AppData\Local\Programs\Signalbox\signalbox-desktop.exe'
is "\"$program\" \"%1\"" value 'Classes\signalbox\shell\open\command' '' /ve
is Signalbox value 'Microsoft\Windows\CurrentVersion\Uninstall\Signalbox' DisplayName

step "it installs over itself, and removing leaves nothing"
quietly windows /proof/setup.exe /S
quietly windows "$place/uninstall.exe" /S
for _ in $(seq 100); do # it removes itself from a copy of itself
	[ -e "$place" ] || break
	sleep 0.2
done
[ ! -e "$place" ]
fails windows reg query 'HKCU\Software\Classes\signalbox'
fails windows reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Signalbox'
[ -z "$(find /root/wine/drive_c/users -name Signalbox.lnk)" ]
touch /proof/passed
