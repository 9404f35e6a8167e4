#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs each tests/bench/*_bench.cpp on the library as it is shipped.
. tests/gates/common.sh

[ -z "${PEERS:-}" ] || fail 'no peer is measured here yet: PEERS= has to be empty'
where="$BUILD/bench"
mkdir -p "$where"
for source in tests/bench/*_bench.cpp; do
    name=$(basename "$source" .cpp)
    "$CXX" -std=c++20 -O2 -Iinclude -Isrc -I. "$source" "$BUILD/libfreshet.a" -pthread \
        -o "$where/$name"
    echo "-- $name"
    "$where/$name"
done
