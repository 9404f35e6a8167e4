#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: a program that appends and reads stays small. Method: link one with what it needs and nothing else, strip
# it, and measure. Then the deepest stack frames, for those who run on small stacks.
. tests/gates/common.sh

text_max=$((100 * 1024))
flags='-std=c++20 -O2 -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -Iinclude'
[ -e tests/gates/small.cpp ] || { echo 'there is no small program yet'; exit 0; }
library=$(archive "$CXX" '')
folder="${library%/*}/gate-size"
program="$folder/small"
mkdir -p "$folder"
"$CXX" $flags -c tests/gates/small.cpp -o "$program.o"
$CC "$program.o" "$library" -pthread -Wl,--gc-sections -s -o "$program"
(cd "$folder" && rm -rf small.fdb && ./small)

echo 'deepest frames, in bytes:'
find "${library%/*}/lib" -name '*.su' -exec cat {} + | sort -t'	' -k2 -n -r |
    awk -F'\t' 'NR <= 8 { sub(/^.*:[0-9]+:[0-9]+:/, "", $1); printf "%8d  %s\n", $2, $1 }'
size "$program"
text=$(size "$program" | awk 'NR == 2 { print $1 }')
[ "$text" -le "$text_max" ] || fail "$text bytes of text; at most $text_max are allowed"
echo "$text bytes of text, of $text_max"
