#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: a program that appends and reads stays small, and one with all of SQL grows no more. Method: link each with what
# it needs and nothing else, strip it, and measure. Then the deepest stack frames, for those who run on small stacks.
. tests/gates/common.sh

text_max=$((100 * 1024))
sql_text_max=$((556 * 1024))
flags='-std=c++20 -O2 -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections -Iinclude'
library=$(archive "$CXX" '')
folder="${library%/*}/gate-size"
mkdir -p "$folder"

# measure NAME MAX
measure() {
    local program="$folder/$1" text
    "$CXX" $flags -c "tests/gates/$1.cpp" -o "$program.o"
    $CC "$program.o" "$library" -pthread -Wl,--gc-sections -s -o "$program"
    (cd "$folder" && rm -rf "$1.fdb" && "./$1") || fail "$1 does not do its work"
    size "$program"
    text=$(size "$program" | awk 'NR == 2 { print $1 }')
    [ "$text" -le "$2" ] || fail "$1: $text bytes of text; at most $2 are allowed"
    said="${said:+$said; }$text bytes of text, of $2"
}

echo 'deepest frames, in bytes:'
find "${library%/*}/lib" -name '*.su' -exec cat {} + | sort -t'	' -k2 -n -r |
    awk -F'\t' 'NR <= 8 { sub(/^.*:[0-9]+:[0-9]+:/, "", $1); printf "%8d  %s\n", $2, $1 }'
measure small "$text_max"
measure small_sql "$sql_text_max"
echo "$said with SQL"
