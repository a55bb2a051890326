// What the Go side gives to the libraries.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(name))) extern
#define EXPORT(name) __attribute__((export_name(name)))

// fail ends the decoding with a message, when the picture is damaged; the module is not used again.
IMPORT("fail") _Noreturn void fail(const char *message);

// unsupported ends it likewise when the picture is sound but of a kind that the library does not decode.
IMPORT("unsupported") _Noreturn void unsupported(const char *message);

// input copies up to n bytes of the file from offset on to buffer and says how many there were.
IMPORT("input") int32_t input(int64_t offset, void *buffer, int32_t n);

// size is the length of the file in bytes.
IMPORT("size") int64_t size(void);
