#!/bin/sh
# Prints the version of what is checked out, from git, in a form that sorts right for
# dpkg and rpm and may stand in a file's name:
#
#   1.2.0                   at the tag v1.2.0
#   1.2.0~rc1               at the tag v1.2.0-rc1
#   1.2.0+5.g0123abc        five commits later
#   0.0.0+258.g0123abc      before the first tag
#   ….dirty                 with changes that are not committed
#
# "build/version.sh windows" prints it as four numbers instead: 1.2.0.5.
set -eu
cd "$(dirname "$0")/.."

hash=$(git rev-parse --short=7 HEAD)
if tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null); then
	base=${tag#v}
	since=$(git rev-list --count "$tag..HEAD")
else
	base=0.0.0
	since=$(git rev-list --count HEAD)
fi

if [ "${1:-}" = windows ]; then
	# A number of a Windows version has 16 bits.
	[ "$since" -le 65535 ] || since=65535
	echo "${base%%-*}.$since"
	exit 0
fi

version=$(echo "$base" | sed 's/-/~/; s/-/./g')
[ "$since" = 0 ] || version=$version+$since.g$hash
if [ -n "$(git status --porcelain)" ]; then
	case $version in
	*+*) version=$version.dirty ;;
	*) version=$version+dirty ;;
	esac
fi
echo "$version"
