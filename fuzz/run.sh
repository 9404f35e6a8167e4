#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh TARGET...: fuzzes each target for TIME seconds, J at a time, with libFuzzer where clang has it, and
# otherwise with the driver that replays seeds. The corpus grows in $BUILD/fuzz/TARGET; what fails is kept beside it.
# SEED: what the fuzzers start from. Exit code 1: something was found.
set -euo pipefail
export LC_ALL=C
: "${MAKE:=make}" "${BUILD:=build}" "${J:=2}" "${TIME:=60}" "${SEED:=}"

out="$BUILD/fuzz"
mkdir -p "$out"

has_libfuzzer() {
    command -v clang++ > /dev/null 2>&1 || return 1
    echo '#include <cstdint>
#include <cstddef>
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }' |
        clang++ -x c++ - -fsanitize=fuzzer,address,undefined -o "$out/probe" 2> /dev/null
}

row() { printf '%-8s %10s %8s %7s %13s  %s\n' "$@"; }

# The last number that libFuzzer gave for a word: "cov: 123" and the like.
last_of() { awk -v word="$1:" '{ for (i = 1; i < NF; i++) if ($i == word) n = $(i + 1) } END { print n + 0 }' "$2"; }

libfuzzer() {
    local target="$1" log="$out/$1.log" findings=none covered words=
    [ ! -f "fuzz/$target.dict" ] || words="-dict=fuzz/$target.dict"
    mkdir -p "$out/$target"
    if ! ASAN_OPTIONS=detect_leaks=0 "$BUILD/libfuzzer/fuzzer/$target" -max_total_time="$TIME" -timeout=20 -rss_limit_mb=2048 \
        -max_len=12289 -print_final_stats=1 $words ${SEED:+-seed=$SEED} -artifact_prefix="$out/$target-" \
        "$out/$target" "fuzz/seeds/$target" > "$log" 2>&1; then
        findings=$(grep -o "$out/$target-[a-z]*-[0-9a-f]*" "$log" | tail -n 1 || true)
    fi
    covered=$(awk '$2 == "INITED" { print $4; exit }' "$log")
    covered=${covered:-0}
    row "$target" "$(last_of stat::number_of_executed_units "$log")" \
        "$(last_of stat::average_exec_per_sec "$log")" "$(find "$out/$target" -type f | wc -l)" \
        "$covered +$(($(last_of cov "$log") - covered))" "${findings:-see $log}"
    explain "$findings" "$log"
}

replaying() {
    local target="$1" log="$out/$1.log" findings=none runs speed
    if ! "$BUILD/replay/$target" --mutate "$TIME" --seed "${SEED:-$$}" --out "$out/$target-finding" \
        "fuzz/seeds/$target" > "$log" 2>&1; then
        findings="$out/$target-finding"
    fi
    runs=$(sed -n 's/^\([0-9]*\) runs,.*/\1/p' "$log")
    speed=$(sed -n 's/.* runs, \([0-9]*\) runs.*/\1/p' "$log")
    row "$target" "${runs:--}" "${speed:--}" - - "$findings"
    explain "$findings" "$log"
}

explain() {
    [ "$1" != none ] || return 0
    grep -a 'violation\|ERROR:\|runtime error\| in freshet' "$2" | head -n 12 | cut -c 1-120 | sed 's/^ */    /' || true
    return 1
}

# Comparisons are not traced: that takes three quarters of the time, and the mutators know the formats.
if has_libfuzzer; then
    with=libfuzzer
    echo "libFuzzer, $TIME s for each target"
    $MAKE -j"$J" fuzzers FUZZ_TARGETS="$*" BUILD="$BUILD/libfuzzer" CXX=clang++ \
        CXXFLAGS='-fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp -O2' > "$out/build.log" 2>&1 || { cat "$out/build.log"; exit 1; }
else
    with=replaying
    echo "no clang++ with libFuzzer here: inputs changed at random, without coverage, $TIME s for each target"
    for target in "$@"; do $MAKE -j"$J" "$BUILD/replay/$target"; done > "$out/build.log" 2>&1 ||
        { cat "$out/build.log"; exit 1; }
fi
row target runs runs/s corpus coverage findings
export -f libfuzzer replaying row last_of explain
export out BUILD TIME SEED
printf '%s\n' "$@" | xargs -P "$J" -I{} bash -c "$with {}" || exit 1
