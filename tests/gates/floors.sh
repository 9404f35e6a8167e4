#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the floors stay floors, and what is banned stays out. Method: plain text, comments and strings taken away.
. tests/gates/common.sh

work="$BUILD/gate-floors"
rm -rf "$work" && mkdir -p "$work"
failures="$work/failures"
: > "$failures"

shopt -s nullglob
width=100
width_of_scripts=160
lines_max=600
lines_max_of_tests=800
library=$(echo include/freshet/*.hpp src/{base,disk,log,tree,store,relation,query,sql,database}/*.?pp | tr " " "\n" | grep -v "/sim[_a-z]*.hpp")
code=$(echo include/freshet/*.hpp src/*/*.?pp sim/*.?pp fuzz/*.?pp tests/*.?pp tests/*/*.{cpp,hpp,c})
scripts=$(echo Makefile .clang-format* .clang-tidy* .ci/run* {tests,sim,fuzz}/*.sh tests/*/*.{sh,awk})

report() { sed "s|^|$1: |" >> "$failures"; }

# who FOLDER ALLOWED: what a floor may include, as the first folder of a quoted path.
who() {
    { grep -nE '^ *#include "' src/"$1"/*.?pp /dev/null || true; } |
        { grep -vE "\"($2)/" || true; } | report "$1 must not include"
}
who base 'freshet|base'
who disk 'freshet|base|disk'
who log 'freshet|base|disk|log'
who tree 'freshet|base|disk|log|tree'
who store 'freshet|base|disk|log|tree|store'
who relation 'freshet|base|disk|log|tree|store|relation'
who query 'freshet|base|disk|log|tree|store|relation|query'
who sql 'freshet|base|disk|log|tree|store|relation|query|sql'
who database 'freshet|base|disk|log|tree|store|relation|query|sql|database'
who shell 'freshet|base|shell'
{ grep -nE '^ *#include "' include/freshet/*.hpp || true; } | { grep -v '"freshet/' || true; } |
    report 'a public header includes only public headers'

# Headers that bring in no C++ runtime, and what the processor offers. POSIX is known to src/disk alone.
clean='algorithm|array|atomic|bit|charconv|compare|concepts|cstddef|cstdint|cstring|initializer_list|limits|new|numeric'
clean="$clean|optional|span|string_view|tuple|type_traits|utility"
{ grep -nE '^ *#include <' $library || true; } | { grep -v '^src/disk/' || true; } |
    { grep -vE "<($clean)>" || true; } | { grep -vE '^src/base/.*<(immintrin|cpuid)\.h>' || true; } |
    report 'not a header for the library'

# Each file once more, without comments and strings.
stripped="$work/stripped"
here=$PWD
printf '%s\n' $code | sed "s|/[^/]*$||; s|^|$stripped/|" | sort -u | xargs mkdir -p
printf '%s\n' $code | xargs -P "$J" -I{} sh -c 'awk -f tests/gates/strip.awk "$1" > "$2/$1"' - {} "$stripped"

# banned WHY PATTERN FILES: in code, not in comments or strings.
banned() {
    local why="$1" pattern="$2"
    shift 2
    (cd "$stripped" && grep -nE "$pattern" "$@" /dev/null || true) | report "$why"
}
banned 'memory is lent' '\b(malloc|calloc|realloc|strdup|alloca)\b *\(|[^:]\bnew\b|\bdelete\b[^;]*\w' $library
containers='function|vector|string|map|set|list|deque|unordered_\w+|variant|any|pmr'
owners='unique_ptr|shared_ptr|mutex|thread|stable_sort|inplace_merge'
throwers='exception|expected|format|cout|cerr'
banned 'no standard library but its views' \
    "\bstd::($containers|$owners|$throwers)\b" $library
banned 'no text by the C library' \
    '\b(f|s|sn|v|vs|vsn|d)?printf\b *\(|\bputs *\(|\bassert *\(|\b(strerror|qsort|localtime)' $library
banned 'no exceptions, no RTTI' '\b(throw|try|catch|dynamic_cast|typeid)\b|virtual +~' $library
banned 'no constructor runs before main' '^(static )?thread_local' $library
banned 'the shell has no exceptions and no streams' '\b(throw|try|catch)\b|\bstd::(cout|cerr|cin|ostream|istream)\b' \
    src/shell/*.?pp

awk 'FNR == 1 && !/^(\/\/|\/\*) SPDX-License-Identifier: MIT/ { print FILENAME }' $code | report 'no SPDX line'
for file in $scripts; do
    head -n 2 "$file" | grep -q '^# SPDX-License-Identifier: MIT' || echo "$file:1" | report 'no SPDX line'
done
wc -l $code | awk -v library="$lines_max" -v tests="$lines_max_of_tests" \
    '$2 != "total" && $1 > ($2 ~ /^tests\// ? tests : library) { print $2 " has " $1 " lines" }' | report 'too long'
(cd "$stripped" && awk -f "$here/tests/gates/functions.awk" $code) | report 'a function'
{ grep -nE 'TODO|FIXM''E' $code $scripts || true; } | { grep -v "'TODO" || true; } | report 'left over'
{ grep -nP '[^\x00-\x7F]' $code $scripts || true; } | report 'not ASCII'
{ grep -nE "^.{$((width + 1)),}" $code || true; } | cut -c 1-100 | report "wider than $width"
{ grep -nE "^.{$((width_of_scripts + 1)),}" $scripts || true; } | cut -c 1-100 |
    report "wider than $width_of_scripts"
{ grep -nE '\s$' $code || true; } | report 'space at the end'

[ ! -s "$failures" ] || { sort -u "$failures" | awk 'NR <= 60'; exit 1; }
echo "$(echo "$code" | wc -w) files, $(cat $code | wc -l) lines"
