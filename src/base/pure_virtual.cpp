// SPDX-License-Identifier: MIT
// At -O0 clang emits vtables that name this function. A weak definition lets the library link into
// a program that has no C++ runtime; beside libstdc++ either definition will do.
extern "C" [[gnu::weak, noreturn]] void __cxa_pure_virtual();
extern "C" void __cxa_pure_virtual() {
    __builtin_trap();
}
