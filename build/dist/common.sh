# What the parts of build/dist.sh share. $version, $when and $stage are set there.
# shellcheck shell=sh

say() { printf '==> %s\n' "$*"; }
die() {
	printf 'build/dist.sh: %s\n' "$*" >&2
	exit 1
}

# compile builds command $3 for $1/$2 into file $4, with the user interface in it. What
# follows are more flags of go build.
compile() {
	os=$1 arch=$2 command=$3 out=$4
	shift 4
	GOOS=$os GOARCH=$arch go build -trimpath -buildvcs=true -o "$out" "$@" "$command"
}

# inventory tells what of others is in binaries: see build/inventory.
inventory() { go run ./build/inventory "$@"; }

# pack puts folder $1 of the stage into one archive in dist: zip for Windows, tar.gz otherwise.
pack() {
	find "$stage/$1" -exec touch -d "@$when" {} +
	case $1 in
	*windows*) (cd "$stage" && find "$1" -type f | sort | zip -qX "$OLDPWD/dist/$1.zip" -@) ;;
	*) tar -C "$stage" --sort=name --mtime="@$when" --mode=u+rwX,go+rX,go-w \
		--owner=0 --group=0 --numeric-owner -cf - "$1" |
		gzip -n >"dist/$1.tar.gz" ;;
	esac
}

# documents writes into folder $1 what Linux packages of $2 say about themselves.
documents() {
	gzip -9n <"$1/THIRD-PARTY-LICENSES.txt" >"$1/THIRD-PARTY-LICENSES.txt.gz"
	gzip -9n >"$1/changelog.gz" <<-END
		$2 ($version) stable; urgency=medium

		  * Built from commit $(git rev-parse HEAD).

		 -- The Signalbox authors <packages@signalbox.invalid>  $(date -Ru -d "@$when")
	END
}

# package makes the .deb and the .rpm that build/linux/$1.yaml describes, for architecture
# $2, with the made files in folder $3.
package() {
	case $2 in
	amd64) rpm_arch=x86_64 ;;
	arm64) rpm_arch=aarch64 ;;
	*) die "rpm's name of $2 is not known here" ;;
	esac
	find "$3" -exec touch -d "@$when" {} +
	for file in "deb $1_${version}_$2.deb" "rpm $1-$version-1.$rpm_arch.rpm"; do
		say "${file#* }"
		VERSION=$version ARCH=$2 STAGE=$3 "$NFPM" package -f "build/linux/$1.yaml" -p "${file%% *}" -t "dist/${file#* }" >/dev/null
	done
}
