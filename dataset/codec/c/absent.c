// Parts of the libraries that only writers, other settings or samples of more than eight bits need. Their callers are linked, but never reach them.
#include <stdio.h>
#include "jpeglib.h"
#include "zlib.h"
#include "host.h"

#define ABSENT(declaration) declaration { unsupported("samples of more than 8 bits"); }
#define NEVER(declaration) declaration { fail("facet does not write with this library"); }

ABSENT(void j12init_color_deconverter(j_decompress_ptr c))
ABSENT(void j12init_upsampler(j_decompress_ptr c))
ABSENT(void j12init_lossless_decompressor(j_decompress_ptr c))
ABSENT(void j12init_d_main_controller(j_decompress_ptr c, boolean b))
ABSENT(void j12init_d_post_controller(j_decompress_ptr c, boolean b))
ABSENT(void j12init_d_diff_controller(j_decompress_ptr c, boolean b))
ABSENT(void j16init_color_deconverter(j_decompress_ptr c))
ABSENT(void j16init_upsampler(j_decompress_ptr c))
ABSENT(void j16init_lossless_decompressor(j_decompress_ptr c))
ABSENT(void j16init_d_main_controller(j_decompress_ptr c, boolean b))
ABSENT(void j16init_d_post_controller(j_decompress_ptr c, boolean b))
ABSENT(void j16init_d_diff_controller(j_decompress_ptr c, boolean b))
ABSENT(void j12init_inverse_dct(j_decompress_ptr c))
ABSENT(void j12init_merged_upsampler(j_decompress_ptr c))
ABSENT(void j12init_1pass_quantizer(j_decompress_ptr c))
ABSENT(void j12init_2pass_quantizer(j_decompress_ptr c))
ABSENT(void j12init_d_coef_controller(j_decompress_ptr c, boolean b))

NEVER(void jinit_merged_upsampler(j_decompress_ptr c))
NEVER(void jinit_1pass_quantizer(j_decompress_ptr c))
NEVER(void jinit_2pass_quantizer(j_decompress_ptr c))
NEVER(void jpeg_idct_1x1(j_decompress_ptr c, jpeg_component_info *i, JCOEFPTR b, JSAMPARRAY o, JDIMENSION x))
NEVER(void jpeg_idct_2x2(j_decompress_ptr c, jpeg_component_info *i, JCOEFPTR b, JSAMPARRAY o, JDIMENSION x))
NEVER(void jpeg_idct_4x4(j_decompress_ptr c, jpeg_component_info *i, JCOEFPTR b, JSAMPARRAY o, JDIMENSION x))
NEVER(void jpeg_idct_float(j_decompress_ptr c, jpeg_component_info *i, JCOEFPTR b, JSAMPARRAY o, JDIMENSION x))
NEVER(void jpeg_idct_ifast(j_decompress_ptr c, jpeg_component_info *i, JCOEFPTR b, JSAMPARRAY o, JDIMENSION x))
NEVER(void TIFFPrintDirectory(void *t, void *file, long flags))
NEVER(void jpeg_CreateCompress(j_compress_ptr c, int version, size_t size))
NEVER(void jpeg_set_defaults(j_compress_ptr c))
NEVER(void jpeg_set_colorspace(j_compress_ptr c, J_COLOR_SPACE s))
NEVER(void jpeg_set_quality(j_compress_ptr c, int quality, boolean baseline))
NEVER(void jpeg_suppress_tables(j_compress_ptr c, boolean suppress))
NEVER(void jpeg_start_compress(j_compress_ptr c, boolean all))
NEVER(JDIMENSION jpeg_write_scanlines(j_compress_ptr c, JSAMPARRAY rows, JDIMENSION n))
NEVER(JDIMENSION jpeg_write_raw_data(j_compress_ptr c, JSAMPIMAGE data, JDIMENSION n))
NEVER(void jpeg_write_tables(j_compress_ptr c))
NEVER(void jpeg_finish_compress(j_compress_ptr c))
NEVER(int deflate(z_streamp s, int flush))
NEVER(int deflateEnd(z_streamp s))
NEVER(int deflateInit_(z_streamp s, int level, const char *version, int size))
NEVER(int deflateParams(z_streamp s, int level, int strategy))
NEVER(int deflateReset(z_streamp s))

// There is no environment.
char *getenv(const char *name) { (void)name; return NULL; }
