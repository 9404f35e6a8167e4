#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that can be checked here: with one compiler and GoogleTest the build, the tests and the gates; with a
# second compiler, sanitizers, linters and libFuzzer those too. What is skipped is said. Ends with the sums.
. tests/gates/common.sh

: "${SAN=address,undefined}"
logs="$BUILD/check"
mkdir -p "$logs"
passed=0
failed=0

say() { printf '%-5s %-34s %s\n' "$1" "$2" "${3:-}"; }

skip() { say skip "$1" "$2"; }

# step NAME COMMAND...: one line when all is well, all of it when not. GoogleTest's tests count one by one.
step() {
    local name="$1" log start ok=1 count
    shift
    log="$logs/$(echo "$name" | tr -c 'a-z0-9+\n' '-').log"
    start=$SECONDS
    "$@" > "$log" 2>&1 < /dev/null || ok=0
    count=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    if [ "$ok" = 1 ]; then
        passed=$((passed + (count > 0 ? count : 1)))
        say ok "$name" "$(tail -n 1 "$log" | cut -c 1-60) ($((SECONDS - start)) s)"
    else
        passed=$((passed + count))
        count=$(sed -n 's/^ *\([0-9]*\) FAILED TESTS\{0,1\}$/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
        failed=$((failed + (count > 0 ? count : 1)))
        say FAIL "$name" "($((SECONDS - start)) s), from $log:"
        tail -n 60 "$log" | sed 's/^/      /'
    fi
}

# compiles COMPILER FLAGS...: can this program be built, and does it run?
compiles() {
    local source="$1" compiler="$2"
    shift 2
    echo "$source" | "$compiler" -std=c++20 -x c++ - "$@" -o "$logs/probe" 2> /dev/null && "$logs/probe"
}

make_in() {
    local where="$1"
    shift
    $MAKE -j"$J" BUILD="$where" "$@"
}

# The sanitizers of $2 that the compiler $1 has, all or none.
sanitizers() { if [ -n "$2" ] && compiles 'int main() {}' "$1" -fsanitize="$2"; then echo "$2"; fi; }

tests() {
    local compiler="$1" wanted="$2" where="$3" with
    with=$(sanitizers "$compiler" "$wanted")
    if [ "$with" != "$wanted" ]; then skip "$wanted" "$compiler has no runtime for it"; fi
    step "tests, $compiler${with:+, $with}" make_in "$where" test CXX="$compiler" SAN="$with"
    if ls fuzz/*_fuzz.cpp > /dev/null 2>&1; then
        step "fuzz seeds, $compiler${with:+, $with}" make_in "$where" replay CXX="$compiler" SAN="$with"
    fi
}

step "build, $CXX" make_in "$BUILD" all CXX="$CXX"
if compiles '#include <gtest/gtest.h>
    int main() {}' "$CXX" -lgtest -pthread; then
    tests "$CXX" "$SAN" "$BUILD"
    for other in $(compilers | tail -n +2); do
        step "build, $other, -O0" make_in "$BUILD/gate-$other-O0" all CXX="$other" CXXFLAGS='-O0 -g0' EARLY_LIB=1
    done
    step 'tests where malloc aborts' bash tests/gates/malloc.sh
else
    failed=$((failed + 1))
    say FAIL tests 'GoogleTest is missing: apt-get install libgtest-dev'
fi
step 'floors and banned names' bash tests/gates/floors.sh
if has patch; then
    step 'planted bugs fit the sources' bash tests/gates/mutants.sh
else
    skip 'planted bugs fit the sources' 'patch is not installed'
fi
step 'headers alone' env QUICK=1 bash tests/gates/headers.sh
step 'symbols, linked by cc' env QUICK=1 bash tests/gates/symbols.sh
if [ -e src/shell/main.cpp ]; then step 'what the README says' bash tests/gates/readme.sh; fi
step 'size of a small program' bash tests/gates/size.sh
step 'kill -9 beside a follower' make_in "$BUILD" kills N=50
if has strace; then
    step 'acknowledged after its sync' make_in "$BUILD" durable N=200
else
    skip 'acknowledged after its sync' 'strace is not installed'
fi
for tool in clang-tidy cppcheck; do
    if has "$tool"; then
        step "$tool" env QUICK=1 bash tests/gates/lint.sh "$tool"
    else
        skip "$tool" 'not installed'
    fi
done
has clang++ || skip 'second compiler' 'clang++ is not installed'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
