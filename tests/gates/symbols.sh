#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: the library needs neither malloc nor a C++ runtime, and defines no name that could clash. Method: every
# undefined symbol of the archive is on a list, at -O0 too, where nothing is optimised away; every symbol it
# defines is freshet's own, or an inline of the standard library that the linker folds; a C program that takes in
# the whole archive is linked by cc. With QUICK=1 it is as shipped by the chosen compiler, and at -O0 by the others.
. tests/gates/common.sh

# What may be called: memory, and what src/disk/*.cpp needs of POSIX. None of it allocates (glibc 2.36).
allowed='mem(chr|cmp|cpy|move|set)|bcmp|strn?len
__errno_location|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__tls_get_addr
open|openat|close|p(read|write)v?|fstat|fstatat|ftruncate|fsync|fdatasync|fallocate|posix_fa(dvise|llocate)
fcntl|flock|mkdir|mkdirat|rename|renameat|unlink|unlinkat|mmap|munmap|madvise|posix_madvise
clock_gettime|getpid|getrandom|kill|nanosleep|sched_yield
pthread_(mutex|cond|condattr|mutexattr)_[a-z]+'
allowed=$(echo "$allowed" | paste -sd'|')

# Demangled names. At -O0 inlines of the standard library are emitted as weak symbols.
own='^(vtable for |guard variable for |construction vtable for )?(freshet::|freshet_)|^__cxa_pure_virtual$'
folded='std::|__gnu_cxx::|^operator new\(unsigned long, void\*\)$|freshet::'

gate() {
    local archive="$1"
    nm -u "$archive" | awk '$1 == "U" { print $2 }' | sort -u > "$archive.undefined"
    nm "$archive" | awk 'NF == 3 && $2 ~ /^[A-TV-Zuvw]$/ { print $3 }' | sort -u > "$archive.defined"
    comm -23 "$archive.undefined" "$archive.defined" | { grep -vxE "$allowed" || true; } | c++filt \
        > "$archive.forbidden"
    nm --extern-only --defined-only "$archive" | awk 'NF == 3 && $2 ~ /^[A-TX-Z]$/ { print $3 }' | c++filt |
        sort -u | { grep -vE "$own" || true; } > "$archive.foreign"
    nm --extern-only --defined-only "$archive" | awk 'NF == 3 && $2 ~ /^[VWuvw]$/ { print $3 }' | c++filt |
        sort -u | { grep -vE "$own|$folded" || true; } >> "$archive.foreign"
    [ ! -s "$archive.forbidden" ] || { echo "$archive must not need:"; cat "$archive.forbidden"; return 1; }
    [ ! -s "$archive.foreign" ] || { echo "$archive must not define:"; cat "$archive.foreign"; return 1; }
}

# The gate itself must notice a malloc, an operator new and a name outside the namespace.
canary() {
    local folder="$BUILD/gate-canary"
    mkdir -p "$folder"
    printf '%s\n' 'extern "C" void* malloc(unsigned long);' 'int* stray();' \
        'int* stray() { return malloc(1) ? new int : nullptr; }' |
        "$CXX" -x c++ -O0 -c - -o "$folder/canary.o"
    rm -f "$folder/canary.a" && ar rcs "$folder/canary.a" "$folder/canary.o"
    ! gate "$folder/canary.a" > "$folder/said" || fail "the gate lets a canary with malloc pass"
    grep -q '^malloc$' "$folder/canary.a.forbidden" && grep -q 'operator new' "$folder/canary.a.forbidden" &&
        grep -q 'stray' "$folder/canary.a.foreign" || fail "the gate does not see what is wrong with the canary"
}

link() {
    local program="$1.linked"
    $CC -std=c11 -Wall -Wextra -Werror tests/gates/link.c -Wl,--whole-archive "$1" -Wl,--no-whole-archive \
        -pthread -o "$program"
    "$program"
    if ldd "$program" | grep -E 'stdc\+\+|libc\+\+'; then fail "$program needs a C++ runtime"; fi
}

canary
count=0
for compiler in $(compilers); do
    for level in $(levels "$compiler"); do
        library=$(archive "$compiler" "${level#shipped}")
        gate "$library"
        link "$library"
        count=$((count + 1))
    done
done
echo "$count archives: $(compilers | paste -sd' '); each linked by $CC"
