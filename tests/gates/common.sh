# SPDX-License-Identifier: MIT
# Shared by the gates; sourced from the top of the tree.
set -euo pipefail
export LC_ALL=C
: "${MAKE:=make}" "${BUILD:=build}" "${J:=2}" "${CXX:=g++}" "${CC:=cc}"

has() { command -v "$1" >/dev/null 2>&1; }

# The compilers at hand, the chosen one first.
compilers() {
    echo "$CXX"
    for other in g++ clang++; do
        if [ "$other" != "$CXX" ] && has "$other"; then echo "$other"; fi
    done
}

# What is too much for one run is shared out among commits: a number that the next one has one more of.
turn() { git rev-list --count HEAD 2> /dev/null || echo 0; }

# With QUICK=1 the chosen compiler builds the library as it is shipped, and the others, if there are any, without
# optimization.
levels() {
    local quick="${QUICK:-}"
    [ "$(compilers | wc -w)" -gt 1 ] || quick=
    if [ -z "$quick" ] || [ "$1" = "$CXX" ]; then echo shipped; fi
    if [ -z "$quick" ] || [ "$1" != "$CXX" ]; then echo -O0; fi
}

# archive COMPILER [LEVEL]: builds the library, as it is shipped or at a level of optimization, and names it.
archive() {
    local where="$BUILD/gate-$1$2" early="$2"
    [ "$1" = "$CXX" ] || early=1
    if [ -z "$2" ]; then [ "$1" = "$CXX" ] && where="$BUILD" || where="$BUILD/$1"; fi
    mkdir -p "$where"
    $MAKE -j"$J" lib BUILD="$where" CXX="$1" CXXFLAGS="$2${2:+ -g0}" EARLY_LIB="$early" > "$where/archive.log" 2>&1 ||
        { cat "$where/archive.log" >&2; return 1; }
    echo "$where/libfreshet.a"
}

fail() {
    echo "$*" >&2
    exit 1
}
