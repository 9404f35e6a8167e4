#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Kills a writing process N times while a follower lives on (tests/kill.cpp), on the file system of BUILD.
set -euo pipefail
: "${BUILD:=build}" "${N:=200}" "${SEED:=1}"
where=$(mktemp -d "$BUILD/kills-XXXXXX")
"$BUILD/kills" "$where" "$N" "$SEED" || { echo "what is left of it is in $where" >&2; exit 1; }
rmdir "$where"
