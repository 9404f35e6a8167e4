#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the tests reach every line and both ways of every branch of src/log, src/tree and src/store. Method: llvm-cov of
# the tests, built without optimisation and without checks, whose failing side needs no test. What may stay unreached is
# listed in coverage.txt by its text, with the reason; whatever else is missed fails, and so does a line of that list
# that is reached by now.
. tests/gates/common.sh

for tool in clang++ llvm-profdata llvm-cov; do
    has "$tool" || fail "coverage needs $tool: apt-get install clang libclang-rt-14-dev llvm"
done
where="$BUILD/coverage"
mkdir -p "$where"
flags="-O0 -fprofile-instr-generate -fcoverage-mapping -Wno-error -DFRESHET_COVERAGE"
$MAKE -j"$J" "$where/tests" BUILD="$where" CXX=clang++ SAN= CXXFLAGS="$flags" > "$where/log" 2>&1 ||
    { tail -n 40 "$where/log" >&2; exit 1; }
$MAKE -j"$J" all > "$where/log" 2>&1
rm -f "$where"/tests.*.profraw
FRESHET="$BUILD/freshet" LLVM_PROFILE_FILE="$where/tests.%p.profraw" "$where/tests" --gtest_brief=1 \
    --gtest_filter='-*Death.*' || fail 'a test fails'
llvm-profdata merge -sparse "$where"/tests.*.profraw -o "$where/tests.profdata"
cover() {
    llvm-cov "$@" "$where/tests" -instr-profile="$where/tests.profdata" -path-equivalence=".,$PWD" \
        src/log src/tree src/store 2> "$where/log"
}
cover export -format=lcov > "$where/lcov"
cover show -show-branches=count -show-line-counts=false > "$where/branches"

# `FILE: TEXT` of each line that is missed, or a branch of it. A template counts as reached if one of its kinds is: lines
# and branches are told apart by where they stand.
awk '
    FNR == 1 { reads_lines = !reads_lines && NR == 1 }
    reads_lines && /^SF:/ { file = substr($0, 4); sub(/^.*\/src\//, "src/", file) }
    reads_lines && /^DA:/ { split($0, part, /[:,]/); line[file ":" part[2]] += part[3] }
    !reads_lines && /^[^ ].*:$/ { file = substr($0, 1, length($0) - 1); sub(/^.*\/src\//, "src/", file) }
    !reads_lines && match($0, /Branch \([0-9]+:[0-9]+\): \[True: [^,]*, False: [^\]]*\]/) {
        split(substr($0, RSTART, RLENGTH), part, /[ (:,\])]+/)
        branch[file ":" part[2] ":" part[3] ":true"] += part[5] != "0"
        branch[file ":" part[2] ":" part[3] ":false"] += part[7] != "0"
    }
    END {
        for (at in line) { lines++; if (line[at] == 0) { missed_lines++; missed[at] = "never reached" } }
        for (at in branch) {
            branches++
            if (branch[at] > 0) continue
            missed_branches++
            split(at, part, ":")
            if (!((part[1] ":" part[2]) in missed)) missed[part[1] ":" part[2]] = "one way only"
        }
        for (at in missed) {
            split(at, part, ":")
            printf "%s:%d: %s\n", part[1], part[2], missed[at]
        }
        printf "%d of %d lines and %d of %d branches missed\n", missed_lines, lines, missed_branches,
            branches > "/dev/stderr"
    }' "$where/lcov" "$where/branches" 2> "$where/sums" | sort -t: -k1,1 -k2,2n |
    while IFS=: read -r file line why; do
        text=$(sed -n "${line}s/^ *//p" "$file")
        case "$why $text" in *' one way only FRESHET_CHECK('*) continue ;; esac # A check of two things.
        printf '%s:%d:%s: %s\n' "$file" "$line" "$why" "$text"
    done > "$where/missed"

# A line of coverage.txt: the file, the text of the line, and the reason, two spaces between them.
awk -F'  +' '
    FNR == NR && !/^#/ && NF { listed[$1 ": " $2] = $3; next }
    FNR == NR { next }
    {
        text = $0
        sub(/:[0-9]+:[^:]*: /, ": ", text)
        if (text in listed) { used[text] = 1; next }
        print; wrong++
    }
    END {
        for (text in listed) {
            count++
            if (!(text in used)) { print "not missed any more: " text; wrong++ }
            if (listed[text] == "") { print "no reason: " text; wrong++ }
        }
        printf "%d exceptions in the list\n", count
        exit wrong > 0
    }' tests/gates/coverage.txt "$where/missed" || wrong=1
cat "$where/sums"
[ -z "${wrong:-}" ] || fail 'lines and branches above are neither reached nor excused'
