// SPDX-License-Identifier: MIT
// A broken invariant stops the program at once, in every build: going on could write nonsense to
// disk. For bugs only; what a file, a caller or a machine may do wrong is an Error.
#pragma once

#define FRESHET_CHECK(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
