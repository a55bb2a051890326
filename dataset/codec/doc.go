// Package codec decodes JPEG and TIFF with libjpeg-turbo 3.2.0 and libtiff 4.5.0 (with zlib 1.2.13), the libraries that Pillow decodes them
// with. They are compiled to WebAssembly and translated to Go by wasm2go (scripts/codecs.sh), so there is neither cgo nor a runtime, and what
// they do wrong stays in a slice of bytes of their own: package module. The folder c holds the seam,
// licenses the terms of the libraries.
//
// Pixels are those of Pillow's open(…).convert("RGB"), with one exception: of grey samples with 12 or 16 bits the high byte stays, where
// Pillow shows all above 255 as white.
package codec
