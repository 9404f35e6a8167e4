#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lines and branches of src/log, src/tree and src/store that the tests reach, by llvm-cov, and which
# they do not. The tests are built without optimisation, in a folder of their own.
. tests/gates/common.sh

for tool in clang++ llvm-profdata llvm-cov; do
    has "$tool" || fail "coverage needs $tool: apt-get install clang libclang-rt-14-dev llvm"
done
where="$BUILD/coverage"
mkdir -p "$where"
$MAKE -j"$J" "$where/tests" BUILD="$where" CXX=clang++ SAN= \
    CXXFLAGS='-O0 -fprofile-instr-generate -fcoverage-mapping' > "$where/log" 2>&1 ||
    { tail -n 40 "$where/log" >&2; exit 1; }
$MAKE -j"$J" all > "$where/log" 2>&1
rm -f "$where"/tests.*.profraw
FRESHET="$BUILD/freshet" LLVM_PROFILE_FILE="$where/tests.%p.profraw" "$where/tests" --gtest_brief=1
llvm-profdata merge -sparse "$where"/tests.*.profraw -o "$where/tests.profdata"

data="-instr-profile=$where/tests.profdata -path-equivalence=.,$PWD"
llvm-cov report "$where/tests" $data \
    src/log src/tree src/store 2> /dev/null | awk '
    NF == 13 && ($1 ~ /\.[ch]pp$/ || $1 == "TOTAL") {
        printf "%-28s lines %5d, missed %4d %8s   branches %5d, missed %4d %8s\n",
            $1, $8, $9, $10, $11, $12, $13 }'
echo
echo 'lines never reached:'
llvm-cov show "$where/tests" $data -use-color=0 \
    src/log src/tree src/store 2> /dev/null |
    awk -F'|' '/^[^ ].*\.[ch]pp:$/ { file = $0; sub(/^.*\/src\//, "src/", file) }
        $2 ~ /^ *0$/ { gsub(/ /, "", $1); print file $1 ":" $3 }' | tee "$where/missed"
echo "$(wc -l < "$where/missed") lines never reached"
