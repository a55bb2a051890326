// TIFF by libtiff: its fields, and strips and tiles without their compression. What samples mean is for the Go side to say.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tiffio.h"
#include "host.h"

static TIFF *tiff;
static int64_t position;
static char message[512];

void *_TIFFmalloc(tmsize_t n) { return n == 0 ? NULL : malloc((size_t)n); }
void *_TIFFcalloc(tmsize_t n, tmsize_t each) { return n == 0 || each == 0 ? NULL : calloc((size_t)n, (size_t)each); }
void *_TIFFrealloc(void *p, tmsize_t n) { return realloc(p, (size_t)n); }
void _TIFFfree(void *p) { free(p); }
void _TIFFmemset(void *p, int v, tmsize_t n) { memset(p, v, (size_t)n); }
void _TIFFmemcpy(void *d, const void *s, tmsize_t n) { memcpy(d, s, (size_t)n); }
int _TIFFmemcmp(const void *a, const void *b, tmsize_t n) { return memcmp(a, b, (size_t)n); }
TIFFErrorHandler _TIFFwarningHandler = NULL;
TIFFErrorHandler _TIFFerrorHandler = NULL;

// keep remembers why the library fails; whether it does is told by what it returns.
static int keep(TIFF *t, void *user, const char *module, const char *format, va_list arguments) {
  (void)t, (void)user, (void)module;
  vsnprintf(message, sizeof message, format, arguments);
  return 1;
}

static int ignore(TIFF *t, void *user, const char *module, const char *format, va_list arguments) {
  (void)t, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

static void check(int ok) {
  if (!ok) fail(message[0] ? message : "libtiff gives no reason");
}

static tmsize_t get(thandle_t h, void *buffer, tmsize_t n) {
  (void)h;
  int32_t got = input(position, buffer, (int32_t)n);
  position += got;
  return got;
}

static tmsize_t put(thandle_t h, void *buffer, tmsize_t n) { (void)h, (void)buffer, (void)n; return 0; }

static toff_t seek(thandle_t h, toff_t offset, int whence) {
  (void)h;
  position = (int64_t)offset + (whence == SEEK_CUR ? position : whence == SEEK_END ? size() : 0);
  return (toff_t)position;
}

static int shut(thandle_t h) { (void)h; return 0; }
static toff_t length(thandle_t h) { (void)h; return (toff_t)size(); }

// tiff_open reads the first directory. No single allocation may take more than limit bytes.
EXPORT("tiff_open") void tiff_open(int32_t limit) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, limit);
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep, NULL);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore, NULL);
  tiff = TIFFClientOpenExt("picture", "rm", NULL, get, put, seek, shut, length, NULL, NULL, options);
  check(tiff != NULL);
}

// tiff_field is a field of one number of 16 or 32 bits, its default, or −1.
EXPORT("tiff_field") int64_t tiff_field(int32_t tag) {
  switch (tag) {
  case TIFFTAG_IMAGEWIDTH: case TIFFTAG_IMAGELENGTH: case TIFFTAG_ROWSPERSTRIP: case TIFFTAG_TILEWIDTH: case TIFFTAG_TILELENGTH: {
    uint32_t v = 0;
    return TIFFGetFieldDefaulted(tiff, (uint32_t)tag, &v) ? (int64_t)v : -1;
  }
  }
  uint16_t v = 0;
  return TIFFGetFieldDefaulted(tiff, (uint32_t)tag, &v) ? (int64_t)v : -1;
}

// tiff_extra is the kind of extra sample i, or −1 beyond the last.
EXPORT("tiff_extra") int32_t tiff_extra(int32_t i) {
  uint16_t n = 0, *kinds = NULL;
  if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &n, &kinds) || i >= n) return -1;
  return kinds[i];
}

// tiff_colour is channel c (0 red, 1 green, 2 blue) of entry i of the palette, or −1 without one.
EXPORT("tiff_colour") int32_t tiff_colour(int32_t c, int32_t i) {
  uint16_t *map[3] = {NULL, NULL, NULL};
  if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2])) return -1;
  return map[c][i];
}

EXPORT("tiff_known") int32_t tiff_known(int32_t compression) { return TIFFIsCODECConfigured((uint16_t)compression); }
EXPORT("tiff_tiled") int32_t tiff_tiled(void) { return TIFFIsTiled(tiff); }
EXPORT("tiff_big_endian") int32_t tiff_big_endian(void) { return TIFFIsBigEndian(tiff); }

// tiff_subsampled tells whether YCbCr has fewer samples of colour than of luma.
EXPORT("tiff_subsampled") int32_t tiff_subsampled(void) {
  uint16_t across = 2, down = 2;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
  return across != 1 || down != 1;
}

// tiff_rgb lets libjpeg turn the samples of JPEG strips into red, green and blue.
EXPORT("tiff_rgb") void tiff_rgb(void) { TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB); }

// tiff_block_size is the bytes of a whole strip or tile of one plane, tiff_row_size those of one of its rows.
EXPORT("tiff_block_size") int32_t tiff_block_size(void) {
  tmsize_t n = TIFFIsTiled(tiff) ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  check(n > 0);
  return (int32_t)n;
}

EXPORT("tiff_row_size") int32_t tiff_row_size(void) {
  tmsize_t n = TIFFIsTiled(tiff) ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  check(n > 0);
  return (int32_t)n;
}

// tiff_block decodes strip or tile i to out, which has room for n bytes, and says how many it filled.
EXPORT("tiff_block") int32_t tiff_block(int32_t i, uint8_t *out, int32_t n) {
  tmsize_t got = TIFFIsTiled(tiff) ? TIFFReadEncodedTile(tiff, (uint32_t)i, out, n) : TIFFReadEncodedStrip(tiff, (uint32_t)i, out, n);
  check(got >= 0);
  return (int32_t)got;
}

// tiff_rgba turns rows from row on, at most n, to RGBA whatever the colours are: for subsampled YCbCr without JPEG, and for old-style JPEG.
EXPORT("tiff_rgba") void tiff_rgba(int32_t row, uint32_t *out, int32_t n) {
  TIFFRGBAImage image;
  char reason[1024] = "";
  if (!TIFFRGBAImageOK(tiff, reason) || !TIFFRGBAImageBegin(&image, tiff, 0, reason)) fail(reason);
  image.req_orientation = image.orientation; // it is the Go side that turns
  image.row_offset = row;
  check(TIFFRGBAImageGet(&image, out, image.width, (uint32_t)n));
  TIFFRGBAImageEnd(&image);
}
