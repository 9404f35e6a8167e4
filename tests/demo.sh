#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on real input, step by step: `make demo`. Needs nothing but what was built.
set -eu
build=$1
events=tests/data/timezones.ndjson
room=$build/demo-room
rm -rf "$room"
mkdir -p "$room"
PATH=$build:$PATH
export PATH
db=$room/clocks.fdb

step() { printf '\n%s\n' "-- $1"; }
run() {
    printf '$ %s\n' "$*" | sed "s|$room/||g"
    "$@"
}

echo "freshet: the history of the world's clocks"
echo "Each line of $events says that a clock somewhere was changed; each time zone is a stream."
head -n 1 "$events" | sed 's/^/  /'
tail -n 1 "$events" | sed 's/^/  /'

step "append $(wc -l < "$events") events of $(cut -d'"' -f4 "$events" | sort -u | wc -l) streams, each batch one atomic commit"
printf '$ freshet append --create clocks.fdb < %s\n' "$events"
freshet append --create "$db" < "$events"

step "seek: the three newest events of one stream, then its event 40"
run freshet read "$db" zone-Europe/Berlin --backwards --limit 3 --ndjson
run freshet read "$db" zone-Europe/Berlin --from 40 --limit 1 --ndjson

step "all streams in commit order, filtered by name and type"
run freshet log "$db" --stream-prefix zone-Pacific/ --type DaylightTimeBegan --limit 2 --ndjson

step "what does not fit is refused, and nothing is changed"
printf '$ echo ... | freshet append clocks.fdb zone-Europe/Berlin --expect none\n'
refused=0
echo '{"type":"StandardTimeBegan","data":{}}' | freshet append "$db" zone-Europe/Berlin --expect none || refused=$?
[ "$refused" = 4 ] || { echo "that should have ended with exit code 4, not $refused" >&2; exit 1; }

step "tables of it, in the same store: how often each clock was changed"
run freshet "$db" "CREATE TABLE clocks (zone TEXT PRIMARY KEY, changes INT NOT NULL)"
run freshet "$db" "INSERT INTO clocks SELECT substr(stream, 6), count(*) FROM events GROUP BY stream"
run freshet "$db" "SELECT zone, changes FROM clocks ORDER BY changes DESC, zone LIMIT 3" --box

step "one transaction over a stream and a table"
before=$(freshet "$db" 'SELECT max("commit") FROM commits' | tail -n 1)
run freshet "$db" "BEGIN WITH (actor = 'demo', message = 'one more');
  APPEND 'zone-Europe/Berlin' ('StandardTimeBegan', '{}');
  UPDATE clocks SET changes = changes + 1 WHERE zone = 'Europe/Berlin'; COMMIT"

step "the table joined with its own past"
run freshet "$db" "SELECT now.zone, past.changes AS was, now.changes AS is_now
  FROM clocks AS now JOIN clocks FOR SYSTEM_TIME AS OF COMMIT $before AS past ON past.zone = now.zone
  WHERE past.changes <> now.changes" --box
run freshet "$db" 'SELECT "commit", events, actor, message FROM commits ORDER BY "commit" DESC LIMIT 1' --box

step "a process writes and is followed; in the middle of it, with no warning: kill -9"
demo "$db"

step "every byte of it, checked"
run freshet verify "$db"

printf '\nThe store is in %s; delete it when you like.\n' "$db"
