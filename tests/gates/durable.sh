#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: no commit is acknowledged before a sync that covers it. Method: strace sees a program make N commits and say of
# each that it is done; durable.awk checks the order. The check itself must notice a trace from which syncs are missing.
. tests/gates/common.sh

: "${N:=200}"
has strace || fail 'strace is not installed'
work=$(mktemp -d "$BUILD/durable-XXXXXX")
calls=openat,open,pwrite64,pwritev,pwritev2,write,writev,fdatasync,fsync
strace -f -y -s 40 -e trace=$calls -e signal=none -o "$work/trace" "$BUILD/acknowledge" "$work/store" "$N" > "$work/said" ||
    fail "the program failed; its trace is in $work"
[ "$(wc -l < "$work/said")" = "$N" ] || fail "the program said too little, in $work"

check() { awk -v wanted="$N" -f tests/gates/durable.awk; }
check < "$work/trace" || fail "see $work/trace"
without() { awk -v n="$1" '/(fdatasync|fsync)\(/ && /\.log>/ && ++count % n == 0 { next } { print }' "$work/trace"; }
for n in 1 7; do
    ! without $n | check > "$work/canary" || fail "a trace without every sync number $n passes"
done
rm -r "$work"
