#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Goal: neither the library nor what it calls in libc allocates. Method: a test whose malloc aborts while a guard is
# set; no sanitizer, since those bring a malloc of their own.
. tests/gates/common.sh

[ -e tests/gates/malloc_test.cpp ] || { echo 'there is no such test yet'; exit 0; }
library=$(archive "$CXX" '')
"$CXX" -std=c++20 -g -O1 -Wall -Wextra -Werror -Iinclude -Isrc tests/gates/malloc_test.cpp "$library" \
    -lgtest_main -lgtest -pthread -o "${library%/*}/malloc_test"
"${library%/*}/malloc_test" --gtest_brief=1
