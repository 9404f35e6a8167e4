#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shards.sh TESTS COUNT: runs GoogleTest's tests in so many processes side by side, each its share, and shows what
# they said one after another. Fails if one of them fails.
set -uo pipefail

tests="$1" count="$2"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
shards=()
for ((i = 0; i < count; i++)); do
    GTEST_TOTAL_SHARDS="$count" GTEST_SHARD_INDEX="$i" "$tests" --gtest_brief=1 > "$logs/$i" 2>&1 &
    shards+=($!)
done
failed=0
for shard in "${shards[@]}"; do wait "$shard" || failed=1; done
cat "$logs"/*
passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$logs"/* | awk '{ n += $1 } END { print n + 0 }')
echo "$passed tests passed in $count processes"
exit "$failed"
