#!/bin/sh
# What `make deb` does: debian/build.sh VERSION. The package is built in a copy of this tree, build/deb/sa-nat64, and
# lies beside it then. The same tree and version make the same package, bit for bit, wherever and whenever.
set -eu
cd "$(dirname "$0")/.."
unset MAKEFLAGS MFLAGS MAKELEVEL
export LC_ALL=C.UTF-8
umask 022

version=$1
place=build/deb
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -S Timestamp)}
export SOURCE_DATE_EPOCH

rm -rf $place
mkdir -p $place/sa-nat64
tar -c --exclude=./build --exclude=./.git --exclude=__pycache__ . | tar -x -C $place/sa-nat64
cd $place/sa-nat64
maintainer=$(dpkg-parsechangelog -S Maintainer)
if [ "$(dpkg-parsechangelog -S Version)" != "$version" ]; then
	{
		printf 'sa-nat64 (%s) unstable; urgency=medium\n\n  * As of this version of the tree.\n\n' "$version"
		printf ' -- %s  %s\n\n' "$maintainer" "$(date -uRd "@$SOURCE_DATE_EPOCH")"
		cat ../../../debian/changelog
	} >debian/changelog
fi
dpkg-buildpackage --build=binary --no-sign >../build.log 2>&1 || {
	tail -n 30 ../build.log
	echo "make deb: failed (all of it: $place/build.log)"
	exit 1
} >&2
ls -1 ../*.deb | sed "s|^\.\.|$place|"
