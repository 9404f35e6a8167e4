#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lint.sh [clang-tidy] [cppcheck] [floors]: without a name all of them, as far as they are installed. They take as long
# as all other checks: with QUICK=1 they look at a twelfth of the files, others after each commit, and clang-tidy does
# so without its analyzer.
. tests/gates/common.sh

shopt -s nullglob
sources=(src/*/*.cpp sim/*.cpp)

# A file found clean is not looked at again until it, a header or the configuration changes.
tidy_one() {
    local source="$1" clean="$BUILD/tidy/$1.clean${QUICK:+.quick}" core=
    case "$source" in src/*) core='-fno-exceptions -fno-rtti' ;; esac
    if [ -e "$clean" ] && [ -z "$(find "$source" .clang-tidy include src sim \
        \( -name '*.hpp' -o -name .clang-tidy -o -path "$source" \) -newer "$clean" | head -n 1)" ]; then
        return 0
    fi
    mkdir -p "${clean%/*}"
    clang-tidy --quiet ${QUICK:+--checks=-clang-analyzer-*} "$source" -- -std=c++20 -Iinclude -Isrc -I. -Wall -Wextra $core 2> /dev/null || return 1
    touch "$clean"
}
export -f tidy_one
export BUILD

# The files whose turn it is.
share() {
    local turn=0 shares=${QUICK:+12}
    [ -z "${QUICK:-}" ] || turn=$(turn)
    printf '%s\n' "${sources[@]}" | awk -v turn="$turn" -v shares="${shares:-1}" 'NR % shares == turn % shares'
}

clang_tidy() {
    share | xargs -P "$J" -I{} bash -c 'tidy_one {}'
    echo "${QUICK:+a twelfth of }${#sources[@]} files (make lint: all), $(grep -c '^ *#' .clang-tidy) lines of reasons"
}

cpp_check() {
    local folder="$BUILD/cppcheck"
    mkdir -p "$folder"
    cppcheck --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr --quiet \
        --error-exitcode=1 --suppressions-list=tests/gates/cppcheck.txt --cppcheck-build-dir="$folder" \
        -j "$J" -Iinclude -Isrc -I. --template='{file}:{line}: {id}: {message}' --file-list=<(share)
    echo "${QUICK:+a twelfth of }${#sources[@]} files"
}

for tool in ${*:-clang-tidy cppcheck floors}; do
    case "$tool" in
        floors) bash tests/gates/floors.sh ;;
        *) has "$tool" || { echo "skip $tool: not installed"; continue; } ;;
    esac
    case "$tool" in
        clang-tidy) clang_tidy ;;
        cppcheck) cpp_check ;;
    esac
done
