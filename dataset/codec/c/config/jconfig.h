// libjpeg-turbo's configuration for WebAssembly.
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 3.2.0
#define LIBJPEG_TURBO_VERSION_NUMBER 3002000
#define D_ARITH_CODING_SUPPORTED 1
#define MEM_SRCDST_SUPPORTED 1
#ifndef BITS_IN_JSAMPLE
#define BITS_IN_JSAMPLE 8
#endif
