// WebAssembly has no jumps out of functions. Whatever fails ends the module instead: see fail in host.h.
#pragma once
#include "host.h"
typedef int jmp_buf[1];
#define setjmp(buffer) ((void)(buffer), 0)
static inline _Noreturn void longjmp(jmp_buf buffer, int value) { (void)buffer; (void)value; fail("libtiff gave up"); }
