#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the same inputs give the same bytes, with every compiler. Method: SEEDS simulated lives, built by each compiler
# at -O0 and -O2; one hash of every disk and every answer on the way must come out of all of them.
. tests/gates/common.sh
: "${SEEDS:=10000}"

first=''
for compiler in $(compilers); do
    for level in -O0 -O2; do
        where="$BUILD/hashes-$compiler$level"
        mkdir -p "$where"
        $MAKE -j"$J" "$where/sim" BUILD="$where" CXX="$compiler" CXXFLAGS="$level" > "$where/log" 2>&1 ||
            { tail -n 40 "$where/log" >&2; exit 1; }
        hash=$("$where/sim" --hashes --seed 0 --seeds "$SEEDS")
        printf '%-8s %s  %s\n' "$compiler" "$level" "$hash"
        : "${first:=$hash}"
        [ "$hash" = "$first" ] || fail "$compiler $level differs"
    done
done
echo "$(compilers | wc -w) compilers, 2 levels each: identical"
