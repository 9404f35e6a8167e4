/* SPDX-License-Identifier: MIT */
/* A C program with the whole library in it, linked by the C driver.
   It calls in by the mangled name. */
#include <stdio.h>
#include <string.h>

const char* code_name(unsigned short code) __asm__("_ZN7freshet9code_nameENS_4CodeE");

int main(void) {
    if (strcmp(code_name(6), "wrong-version") == 0) return 0;
    fputs("code_name(6) is not wrong-version\n", stderr);
    return 1;
}
