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
llvm-cov export -format=lcov "$where/tests" -instr-profile="$where/tests.profdata" \
    -path-equivalence=".,$PWD" src/log src/tree src/store > "$where/lcov" 2> "$where/log"

# `FILE: TEXT` of each line that is missed, or a branch of it. A template counts as reached if one of its kinds is.
awk -F'[:,]' '
    $1 == "SF" { file = $2; sub(/^.*\/src\//, "src/", file); wanted = file ~ /^src\/(log|tree|store)\// }
    !wanted { next }
    $1 == "DA" { line[file ":" $2] += $3 }
    $1 == "BRDA" { branch[file ":" $2 ":" $3 ":" $4] += ($5 == "-" ? 0 : $5) }
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
    }' "$where/lcov" 2> "$where/sums" | sort -t: -k1,1 -k2,2n |
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
