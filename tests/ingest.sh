#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: more than memory goes through memory. Method: SIZE GB of events of about 1 KiB, and SIZE GB of events of 120
# bytes, go into stores whose memory is 64 MiB, and are all there.
. tests/gates/common.sh
: "${SIZE:=1}"

room="$BUILD/ingest-room"
db="$room/meters.fdb"
rm -rf "$room" && mkdir -p "$room"
trap 'rm -rf "$room"' EXIT
freshet() { "$BUILD/freshet" "$@"; }
fact() { awk -F'\t' -v name="$1" '$1 == name { print $2 }'; }

# ingest SIZE_OF_AN_EVENT
ingest() {
    local start end said
    echo "$SIZE GB of events of $1 bytes, 64 MiB of memory"
    rm -rf "$db"
    start=$(date +%s.%N)
    "$BUILD/ingest" $((SIZE * 1000000000)) "$1" 100 | freshet append --create "$db" --memory 64M 2> "$room/said" ||
        fail "it did not go through: $(cat "$room/said")"
    end=$(date +%s.%N)
    cat "$room/said"
    awk -v size="$SIZE" -v start="$start" -v end="$end" 'BEGIN { printf "%d MB/s\n", size * 1000 / (end - start) }'
    said=$(sed -n 's/^appended \([0-9]*\) events.*/\1/p' "$room/said")
    freshet stats "$db" > "$room/stats"
    cat "$room/stats"
    [ "$(fact events < "$room/stats")" = "$said" ] || fail "it said $said events"
    [ "$(freshet verify "$db" | fact events)" = "$said" ] || fail 'verify finds another number of events'
}

ingest 960
ingest 120
