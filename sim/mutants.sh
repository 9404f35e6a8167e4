#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the simulator and the tests find bugs, and do not just run. Method: each patch of sim/mutants/ plants one known
# bug in a copy of the sources. The simulator must fail within TIME seconds, or else the tests must. A patch that no
# longer applies, a mutant that does not build and one that survives are failures. `MUTANT=name` tries one alone.
set -euo pipefail
: "${MAKE:=make}" "${BUILD:=build}" "${J:=2}" "${CXX:=g++}" "${TIME:=20}" "${MUTANT:=*}" "${SEED:=1}"
command -v patch > /dev/null || { echo 'mutants need the program patch: apt-get install patch' >&2; exit 1; }

case "$BUILD" in /*) where=$BUILD/mutants ;; *) where=$PWD/$BUILD/mutants ;; esac
tree=$where/tree
log=$where/log

fresh_tree() {
    rm -rf "$tree" && mkdir -p "$tree"
    cp -R Makefile include src sim tests fuzz "$tree"
}
build() {
    $MAKE -C "$tree" -j"$J" BUILD="$where/build" CXX="$CXX" CXXFLAGS=-Wno-error SAN= "$@" > "$log" 2>&1
}
simulate() {
    (cd "$tree" && "$where/build/sim" --time "$1" --seed "$SEED" --jobs "$J" --out "$where/failure.tape") > "$log" 2>&1 < /dev/null
}
test_all() {
    (cd "$tree" && FRESHET="$where/build/freshet" timeout 60 "$where/build/tests" --gtest_brief=1) > "$log" 2>&1 < /dev/null
}
first_line() { grep -m 1 -E "$1" "$log" | cut -c "$2" || true; }

# Sets `verdict`: who found the mutant that the tree holds, or what went wrong.
try() {
    verdict='does not build'
    build "$where/build/sim" || return 0
    start=$SECONDS
    verdict=simulator
    simulate "$TIME" || { verdict="simulator: $(first_line '^VIOLATION' 12-90)"; return 0; }
    verdict='does not build'
    build "$where/build/tests" "$where/build/freshet" || return 0
    start=$SECONDS
    test_all || { verdict="tests: $(first_line '^\[  FAILED  \]' 14-80)"; return 0; }
    verdict=survived
}

# An object of a mutant of an earlier run would be newer than the sources, and be taken for good.
rm -rf "$where/build"
fresh_tree
build "$where/build/sim" || { cat "$log" >&2; exit 1; }
simulate 3 || { tail -n 20 "$log" >&2; echo 'it fails without a mutant' >&2; exit 1; }

killed=0 failed=0
for file in sim/mutants/$MUTANT.patch; do
    start=$SECONDS verdict='does not apply'
    if patch -s -d "$tree" -p1 --no-backup-if-mismatch < "$file" > "$log" 2>&1; then
        try
        patch -s -R -d "$tree" -p1 --no-backup-if-mismatch < "$file"
    else
        fresh_tree
    fi
    mark=killed
    case $verdict in
        simulator:* | tests:*) killed=$((killed + 1)) ;;
        *) failed=$((failed + 1)) mark=FAIL ;;
    esac
    printf '%-6s %-30s %3d s  %s\n' "$mark" "$(basename "$file" .patch)" $((SECONDS - start)) "$verdict"
done
echo "$killed passed, $failed failed"
[ "$failed" = 0 ]
