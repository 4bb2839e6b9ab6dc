#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
# undefined_symbols.sh LIST OUTPUT LIBRARY... -- LINKER...
# Links the whole libraries and what they need of the packaged archives, and nothing else.  Every
# symbol left undefined must be in LIST, and every symbol of LIST must be left undefined.
set -eu
list=$1 output=$2
shift 2
libraries=
while [ "$1" != -- ]; do
	libraries="$libraries $1"
	shift
done
shift

# Word splitting of $libraries is meant: the paths come from the build and hold no blanks.
"$@" -nostdlib -r -o "$output" -Wl,--whole-archive $libraries -Wl,--no-whole-archive \
	-Wl,--start-group -l:libhogweed.a -l:libnettle.a -l:libgmp.a -Wl,--end-group

sed '/^#/d; /^$/d' "$list" | sort >"$output.allowed"
nm -u "$output" | awk '{ print $2 }' | sort >"$output.undefined"

if ! diff "$output.allowed" "$output.undefined"; then
	echo "undefined symbols differ from $list (< listed, > undefined)"
	exit 1
fi
