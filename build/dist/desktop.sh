# The desktop app's part of build/dist.sh: for amd64 only, because the window of Linux is
# linked with the machine's own WebKitGTK.
# shellcheck shell=sh

desktop_version_variable=main.version

# desktop_release makes the desktop's archives, packages, installer and bill of materials.
desktop_release() {
	bootstrapper=$(go list -m -f '{{.Dir}}' github.com/wailsapp/wails/v2)/internal/webview2runtime/MicrosoftEdgeWebview2Setup.exe
	desktop_linux
	desktop_windows
	say "signalbox-desktop-$version.cdx.json"
	inventory cyclonedx -ui frontend -file "$bootstrapper" -name signalbox-desktop -version "$version" -time "$when" \
		"$stage/signalbox-desktop-$version-linux-amd64/signalbox-desktop" \
		"$stage/signalbox-desktop-$version-windows-amd64/signalbox-desktop.exe" >"dist/signalbox-desktop-$version.cdx.json"
}

# desktop_folder puts into folder $1 of the stage what goes with binary $2.
desktop_folder() {
	inventory licences -ui frontend "$stage/$1/$2" >"$stage/$1/THIRD-PARTY-LICENSES.txt"
	cp README.md LICENSE NOTICE "$stage/$1/"
}

# desktop_linux builds with cgo, on Linux on amd64 only.
desktop_linux() {
	[ "$(go env GOHOSTOS)/$(go env GOHOSTARCH)" = linux/amd64 ] ||
		die "the desktop app for Linux can be built on Linux on amd64 only"
	name=signalbox-desktop-$version-linux-amd64
	say "$name"
	mkdir -p "$stage/$name/icons" "$stage/desktop-package"
	CGO_ENABLED=1 compile linux amd64 . "$stage/$name/signalbox-desktop" -buildmode=pie -tags desktop,production,webkit2_41 \
		-ldflags "-s -w -X $desktop_version_variable=$version"
	"$stage/$name/signalbox-desktop" -version | grep -qF "$version" ||
		die "signalbox-desktop -version does not print $version: is the variable still called $desktop_version_variable?"
	desktop_folder "$name" signalbox-desktop
	cp build/linux/signalbox-desktop.desktop build/linux/INSTALL-desktop.txt "$stage/$name/"
	cp build/icons/*.png "$stage/$name/icons/"
	cp frontend/public/icon.svg "$stage/$name/icons/signalbox.svg"
	pack "$name"

	cp "$stage/$name/signalbox-desktop" "$stage/$name/THIRD-PARTY-LICENSES.txt" "$stage/desktop-package/"
	gzip -9n <build/linux/signalbox-desktop.1 >"$stage/desktop-package/signalbox-desktop.1.gz"
	documents "$stage/desktop-package" signalbox-desktop
	package signalbox-desktop amd64 "$stage/desktop-package"
}

# desktop_windows needs no C compiler. Icon, version and manifest are linked in from a file
# that go build finds in the top folder while it is there.
desktop_windows() {
	name=signalbox-desktop-$version-windows-amd64
	say "$name"
	mkdir -p "$stage/$name" "$stage/windows"
	numbers=$(build/version.sh windows)
	cp build/windows/icon.ico build/windows/wails.exe.manifest "$stage/windows/"
	# Wails takes the icon of its window from number 3.
	cat >"$stage/windows/winres.json" <<-END
		{
		  "RT_GROUP_ICON": { "#3": { "0000": "icon.ico" } },
		  "RT_MANIFEST": { "#1": { "0409": "wails.exe.manifest" } },
		  "RT_VERSION": { "#1": { "0000": $(cat build/windows/info.json) } }
		}
	END
	resources=$PWD/resources_windows_amd64.syso
	"$WINRES" make --in "$stage/windows/winres.json" --arch amd64 --no-suffix --out "$resources" \
		--product-version "$numbers" --file-version "$numbers" >/dev/null
	CGO_ENABLED=0 compile windows amd64 . "$stage/$name/signalbox-desktop.exe" -tags desktop,production \
		-ldflags "-s -w -H windowsgui -X $desktop_version_variable=$version"
	rm "$resources"
	desktop_folder "$name" signalbox-desktop.exe
	pack "$name"

	say "signalbox-desktop-$version-windows-amd64-setup.exe"
	makensis -V2 -WX -DVERSION="$version" -DNUMBERS="$numbers" -DFROM="$stage/$name" -DWEBVIEW="$bootstrapper" \
		-DOUT="$PWD/dist/signalbox-desktop-$version-windows-amd64-setup.exe" build/windows/installer/signalbox-desktop.nsi
}
