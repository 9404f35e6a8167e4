#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# compare.sh: N queries from SEED on in two processes, half of them each, and what they found together.
set -uo pipefail
: "${BUILD:=build}" "${N:=10000}" "${SEED:=1}"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0
"$BUILD/compare" "$SEED" "$(((N + 1) / 2))" > "$out/1" 2>&1 &
first=$!
"$BUILD/compare" "$((SEED + 1000000000))" "$(((N + 1) / 2))" > "$out/2" 2>&1 || failed=1
wait "$first" || failed=1
cat "$out/1" "$out/2"
awk '/ queries, .* differences / { n += $1; d += $3 } END { printf "%d queries, %d differences\n", n, d }' "$out/1" "$out/2"
exit "$failed"
