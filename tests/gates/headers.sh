#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: each header can be included first, by a program built its own way. Method: a file that includes nothing
# but the header, twice, with every compiler at hand; the public ones with and without exceptions and RTTI. With
# QUICK=1 what goes without them is shared out among the compilers, half of it, and the rest after the next commit.
. tests/gates/common.sh

flags='-std=c++20 -fsyntax-only -Iinclude -Isrc -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wold-style-cast -Werror'
export flags

one() {
    printf '#include "%s"\n#include "%s"\n' "${1#include/}" "${1#include/}" | sed 's|"src/|"|' |
        $2 $flags $3 -x c++ - || { echo "$1 does not compile alone with $2 $3"; return 255; }
}
export -f one

public=$(ls include/freshet/*.hpp)
headers=$(ls include/freshet/*.hpp src/*/*.hpp)
turn=$(turn)
shares=1
[ -z "${QUICK:-}" ] || shares=$((2 * $(compilers | wc -w)))
for compiler in $(compilers); do
    echo "$public" | xargs -P "$J" -I{} bash -c "one {} $compiler ''"
    echo "$headers" | awk -v turn="$turn" -v shares="$shares" 'NR % shares == turn % shares' |
        xargs -P "$J" -I{} bash -c "one {} $compiler '-fno-exceptions -fno-rtti'"
    turn=$((turn + 2))
done
echo "$(echo "$headers" | wc -l) headers: $(compilers | paste -sd' ')"
