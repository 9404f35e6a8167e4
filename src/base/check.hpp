// SPDX-License-Identifier: MIT
// A broken invariant stops the program at once, in every build: going on could write nonsense to
// disk. For bugs only; what a file, a caller or a machine may do wrong is an Error.
#pragma once

#ifdef FRESHET_COVERAGE  // The failing side cannot be reached, and would be counted.
#define FRESHET_CHECK(condition) static_cast<void>(condition)
#else
#define FRESHET_CHECK(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif
