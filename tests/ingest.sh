#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: more than memory goes through memory. Method: SIZE GB of events of about 1 KiB go into a store whose memory is
# 64 MiB, all of them; events of 120 bytes go in until their directory fills its share of the memory, and then the
# error says how many are there, and that many are there.
. tests/gates/common.sh
: "${SIZE:=1}"

room="$BUILD/ingest-room"
db="$room/meters.fdb"
rm -rf "$room" && mkdir -p "$room"
trap 'rm -rf "$room"' EXIT
freshet() { "$BUILD/freshet" "$@"; }
fact() { awk -F'\t' -v name="$1" '$1 == name { print $2 }'; }

echo "$SIZE GB of events of 1 KiB, 64 MiB of memory"
start=$(date +%s.%N)
"$BUILD/ingest" $((SIZE * 1000000000)) 960 100 | freshet append --create "$db" --memory 64M 2> "$room/said" ||
    fail "it did not go through: $(cat "$room/said")"
end=$(date +%s.%N)
cat "$room/said"
awk -v size="$SIZE" -v start="$start" -v end="$end" 'BEGIN { printf "%d MB/s\n", size * 1000 / (end - start) }'
said=$(sed -n 's/^appended \([0-9]*\) events.*/\1/p' "$room/said")
freshet stats "$db" > "$room/stats"
cat "$room/stats"
[ "$(fact events < "$room/stats")" = "$said" ] || fail "it said $said events"
[ "$(freshet verify "$db" | fact events)" = "$said" ] || fail 'verify finds another number of events'

rm -rf "$db"
memory=$((SIZE * 64 / 10))
[ "$memory" -ge 12 ] || memory=12
echo "$SIZE GB of events of 120 bytes, $memory MiB of memory"
code=0
{ "$BUILD/ingest" $((SIZE * 1000000000)) 120 100 || true; } |
    freshet append --create "$db" --memory "${memory}M" 2> "$room/said" || code=$?
cat "$room/said"
[ "$code" = 8 ] || fail "it ended with exit code $code and not with 8, out-of-memory"
grep -q "^error\[out-of-memory\]: .* with [0-9]* events, all durable up to commit [0-9]*, fills its [0-9]*M of ${memory}M" \
    "$room/said" || fail 'the error does not say what is held'
said=$(sed -n 's/.* with \([0-9]*\) events, all durable .*/\1/p' "$room/said")
[ "$(freshet stats "$db" --memory 512M | fact events)" = "$said" ] || fail "it said $said events"
[ "$(freshet verify "$db" --memory 512M | fact events)" = "$said" ] || fail 'verify finds another number of events'
grep -q "go on from line $((said + 1))\$" "$room/said" || fail 'it names the wrong line'
echo "all $said are there"
