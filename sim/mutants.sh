#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the simulator and the tests find bugs, and do not just run. Method: each patch of sim/mutants/ plants one known
# bug in a copy of the sources. Its second line may say who finds it: `found by: sim --faults`, or `found by: tests
# Crash.*`; the others are found by lives of the simulator, within TIME seconds. A mutant that survives that is shown
# to all the others. A patch that no longer applies, a mutant that does not build and one that survives are failures.
# `MUTANT=name` tries one alone, or a pattern.
set -euo pipefail
: "${MAKE:=make}" "${BUILD:=build}" "${J:=2}" "${CXX:=g++}" "${TIME:=20}" "${MUTANT:=*}" "${SEED:=1}"
command -v patch > /dev/null || { echo 'mutants need the program patch: apt-get install patch' >&2; exit 1; }

case "$BUILD" in /*) where=$BUILD/mutants ;; *) where=$PWD/$BUILD/mutants ;; esac
tree=$where/tree
log=$where/log
limit=60 # Seconds in which it must be found.

fresh_tree() {
    rm -rf "$tree" && mkdir -p "$tree"
    cp -R Makefile include src sim tests fuzz "$tree"
}
build() {
    $MAKE -C "$tree" -j"$J" BUILD="$where/build" CXX="$CXX" CXXFLAGS=-Wno-error SAN= "$@" > "$log" 2>&1
}
run() { (cd "$tree" && timeout "$limit" "$@") > "$log" 2>&1 < /dev/null; }
first_line() { grep -m 1 -E "$1" "$log" | cut -c "$2" || true; }

# by_sim OPTIONS...: false, if it does not find anything.
by_sim() {
    build "$where/build/sim" || { verdict='does not build'; return 0; }
    start=$SECONDS
    local code=0
    run "$where/build/sim" "$@" --jobs "$J" --shrink 0 --out "$where/failure.tape" || code=$?
    # What ends by itself says what it found; a signal is one, too. 124: its time was over.
    grep -q '^VIOLATION' "$log" || [ "$code" -ge 128 ] || return 1
    verdict="sim $*: $(first_line '^VIOLATION' 12-90)"
}
by_lives() { by_sim --time "$1" --seed "$SEED"; }
by_tests() {
    build "$where/build/tests" "$where/build/freshet" || { verdict='does not build'; return 0; }
    start=$SECONDS
    FRESHET="$where/build/freshet" run "$where/build/tests" --gtest_brief=1 --gtest_fail_fast --gtest_filter="$1" &&
        return 1
    verdict="tests $1: $(first_line '^\[  FAILED  \]' 14-80)"
}

# Sets `verdict`: who found the mutant that the tree holds, or what went wrong.
try() {
    case $1 in
        'sim '*) read -ra words <<< "${1#sim }" && by_sim "${words[@]}" && return ;;
        'tests '*) by_tests "${1#tests }" && return ;;
    esac
    by_lives "$TIME" || by_sim --schedules || by_sim --faults || by_tests '*' || verdict=survived
}

# An object of a mutant of an earlier run would be newer than the sources, and be taken for good.
rm -rf "$where/build"
fresh_tree
if by_lives 3; then
    tail -n 20 "$log" >&2
    echo "without a mutant: $verdict" >&2
    exit 1
fi

killed=0 failed=0
for file in sim/mutants/$MUTANT.patch; do
    start=$SECONDS verdict='does not apply'
    if patch -s -F0 -d "$tree" -p1 --no-backup-if-mismatch < "$file" > "$log" 2>&1; then
        try "$(sed -n '2s/^found by: //p' "$file")"
        patch -s -F0 -R -d "$tree" -p1 --no-backup-if-mismatch < "$file"
    else
        fresh_tree
    fi
    mark=FAIL
    case $verdict in sim* | tests*) [ $((SECONDS - start)) -ge "$limit" ] || mark=killed ;; esac
    if [ "$mark" = killed ]; then killed=$((killed + 1)); else failed=$((failed + 1)); fi
    printf '%-6s %-30s %3d s  %s\n' "$mark" "$(basename "$file" .patch)" $((SECONDS - start)) "$verdict"
done
echo "$killed passed, $failed failed"
[ "$failed" = 0 ]
