// JPEG by libjpeg-turbo, with the settings of Pillow: slow integer DCT, smooth upsampling, no draft mode.
#include <stdio.h>
#include <stdlib.h>
#include "jpeglib.h"
#include "jerror.h"
#include "host.h"

static struct jpeg_decompress_struct jpeg;
static struct jpeg_error_mgr errors;
static struct jpeg_progress_mgr progress;
static struct jpeg_source_mgr source;
static int64_t offset;
static JOCTET buffer[1 << 16];

static void fatal(j_common_ptr c) {
  char message[JMSG_LENGTH_MAX];
  (*c->err->format_message)(c, message);
  switch (c->err->msg_code) {
  case JERR_SOF_UNSUPPORTED: case JERR_ARITH_NOTIMPL: case JERR_NOT_COMPILED: case JERR_NOTIMPL: case JERR_BAD_PRECISION:
  case JERR_CONVERSION_NOTIMPL: case JERR_FRACT_SAMPLE_NOTIMPL: case JERR_CCIR601_NOTIMPL: case JERR_COMPONENT_COUNT:
    unsupported(message);
  }
  fail(message);
}

static void quiet(j_common_ptr c) { (void)c; }

// more fills the buffer. The end of a file before that of the picture is an error, as it is for Pillow.
static boolean more(j_decompress_ptr c) {
  int32_t n = input(offset, buffer, sizeof buffer);
  if (n <= 0) fail("the file is cut off");
  offset += n;
  c->src->next_input_byte = buffer;
  c->src->bytes_in_buffer = (size_t)n;
  return TRUE;
}

static void skip(j_decompress_ptr c, long n) {
  if (n <= 0) return;
  if ((size_t)n > c->src->bytes_in_buffer) {
    offset += n - (long)c->src->bytes_in_buffer;
    more(c);
    return;
  }
  c->src->next_input_byte += n;
  c->src->bytes_in_buffer -= (size_t)n;
}

static void start(j_decompress_ptr c) { (void)c; }

// A few kilobytes may hold any number of scans over one huge picture: libjpeg-turbo's own fuzzers stop at 500.
static void bounded(j_common_ptr c) {
  if (c->is_decompressor && ((j_decompress_ptr)c)->input_scan_number > 500) fail("expected at most 500 scans");
}

// jpeg_open reads the header.
EXPORT("jpeg_open") void jpeg_open(void) {
  jpeg.err = jpeg_std_error(&errors);
  errors.error_exit = fatal;
  errors.output_message = quiet;
  jpeg_create_decompress(&jpeg);
  progress.progress_monitor = bounded;
  jpeg.progress = &progress;
  source = (struct jpeg_source_mgr){.init_source = start, .fill_input_buffer = more, .skip_input_data = skip,
                                    .resync_to_restart = jpeg_resync_to_restart, .term_source = start};
  jpeg.src = &source;
  jpeg_read_header(&jpeg, TRUE);
}

EXPORT("jpeg_width") int32_t jpeg_width(void) { return (int32_t)jpeg.image_width; }
EXPORT("jpeg_height") int32_t jpeg_height(void) { return (int32_t)jpeg.image_height; }
EXPORT("jpeg_components") int32_t jpeg_components(void) { return jpeg.num_components; }
EXPORT("jpeg_precision") int32_t jpeg_precision(void) { return jpeg.data_precision; }

// jpeg_coefficients is the bytes of all coefficients when they must be kept, else 0.
EXPORT("jpeg_coefficients") int64_t jpeg_coefficients(void) {
  if (!jpeg_has_multiple_scans(&jpeg)) return 0;
  int64_t blocks = 0;
  for (int i = 0; i < jpeg.num_components; i++) {
    jpeg_component_info *c = &jpeg.comp_info[i];
    int64_t across = ((int64_t)jpeg.image_width * c->h_samp_factor / jpeg.max_h_samp_factor + 7) / 8 + c->h_samp_factor;
    int64_t down = ((int64_t)jpeg.image_height * c->v_samp_factor / jpeg.max_v_samp_factor + 7) / 8 + c->v_samp_factor;
    blocks += across * down;
  }
  return blocks * DCTSIZE2 * (int64_t)sizeof(JCOEF);
}

// jpeg_start begins decoding to four bytes a pixel: RGBA, or CMYK of four components. It gives the rows at a time that jpeg_rows can take.
EXPORT("jpeg_start") void jpeg_start(void) {
  jpeg.out_color_space = jpeg.num_components == 4 ? JCS_CMYK : JCS_EXT_RGBA;
  jpeg_start_decompress(&jpeg);
}

// jpeg_rows decodes up to n rows to out and says how many.
EXPORT("jpeg_rows") int32_t jpeg_rows(uint8_t *out, int32_t n) {
  int32_t done = 0;
  while (done < n && jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = out + (size_t)done * 4 * jpeg.output_width;
    if (jpeg_read_scanlines(&jpeg, &row, 1) != 1) fail("the file is cut off");
    done++;
  }
  return done;
}

EXPORT("allocate") void *allocate(size_t n) { return malloc(n); }
