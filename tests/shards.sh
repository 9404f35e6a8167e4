#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shards.sh TESTS COUNT: runs GoogleTest's tests in so many processes side by side, and shows what they said one after
# another. Each process takes a share that is not done yet, several times, so that all end together. Fails if one fails.
set -uo pipefail

tests="$1" count="$2"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export tests logs shares=$((count * 6))
seq 0 $((shares - 1)) | xargs -P "$count" -I{} bash -c \
    'GTEST_TOTAL_SHARDS=$shares GTEST_SHARD_INDEX={} "$tests" --gtest_brief=1 > "$logs/{}" 2>&1'
failed=$?
cat "$logs"/*
passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$logs"/* | awk '{ n += $1 } END { print n + 0 }')
echo "$passed tests passed in $count processes"
[ "$failed" = 0 ]
