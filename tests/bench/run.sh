#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs each tests/bench/*_bench.cpp on the library as it is shipped; what compares with
# SQLite, where its headers are installed. PEERS= names the folder of a harness that measures several
# databases by turns instead: it has a Makefile, main.cpp and bench.h, and takes a peer as
# peer_project.cpp; REPEAT= and WORKLOADS= go to it.
. tests/gates/common.sh

where="$BUILD/bench"
mkdir -p "$where"

run_peers() {
    [ -f "$PEERS/bench.h" ] && [ -f "$PEERS/Makefile" ] ||
        fail "PEERS=$PEERS is no harness: it has no bench.h and Makefile"
    local harness="$where/harness" here="$PWD"
    rm -rf "$harness" && mkdir -p "$harness" && cp "$PEERS"/*.cpp "$PEERS"/*.h "$PEERS/Makefile" "$harness"
    cp tests/bench/peer_freshet.cpp "$harness/peer_project.cpp"
    $MAKE -s -C "$harness" OUT=out CXX="$CXX" PROJECT_FLAGS="-I$here/include" \
        PROJECT_LIBS="$here/$BUILD/libfreshet.a"
    local workloads='append-1,append-4,append-batch,stream-scan,stream-seek,recover'
    workloads="$workloads,append-mixed,mixed-scan,mixed-seek,recover-mixed"
    "$harness/out/peers" --dir "$where/peers" --repeat "${REPEAT:-7}" --seconds "${SECONDS_EACH:-0.5}" \
        --workloads "${WORKLOADS:-$workloads}"
}

if [ -n "${PEERS:-}" ]; then
    run_peers
    exit
fi
for source in tests/bench/*_bench.cpp; do
    name=$(basename "$source" .cpp)
    libraries=
    if [ "$name" = sqlite_bench ]; then
        echo '#include <sqlite3.h>' | "$CXX" -E -x c++ - > /dev/null 2>&1 || { echo "-- $name: left out, sqlite3.h is not installed"; continue; }
        libraries=-lsqlite3
    fi
    "$CXX" -std=c++20 -O2 -Iinclude -Isrc -I. "$source" "$BUILD/libfreshet.a" -pthread $libraries \
        -o "$where/$name"
    echo "-- $name"
    "$where/$name"
done
