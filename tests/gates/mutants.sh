#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: each planted bug of sim/mutants/ fits the sources as they are, and names somebody who may find it, so that
# `make mutants` does not learn it hours later. Method: each patch is tried and nothing is changed.
. tests/gates/common.sh

count=0 wrong=0
for file in sim/mutants/*.patch; do
    count=$((count + 1))
    if ! said=$(patch --dry-run -f -s -F0 -p1 < "$file" 2>&1); then
        printf '%s does not apply; make it fit what has changed:\n%s\n' "$file" "$said" >&2
        wrong=$((wrong + 1))
    fi
    finder=$(sed -n '2s/^found by: //p' "$file")
    case $finder in
        '' | 'sim --'*) ;;
        'tests '*)
            suite=${finder#tests }
            grep -qE "^(TEST|TEST_F)\\(${suite%%[.*]*}" tests/*_test.cpp || {
                echo "$file is found by '$finder', and there are no such tests" >&2
                wrong=$((wrong + 1))
            }
            ;;
        *)
            echo "$file is found by '$finder': say 'sim --OPTIONS' or 'tests SUITE.*'" >&2
            wrong=$((wrong + 1))
            ;;
    esac
done
[ "$wrong" = 0 ] || fail "$wrong things are wrong with the $count mutants"
echo "$count mutants apply"
