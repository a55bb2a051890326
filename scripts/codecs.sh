#!/usr/bin/env bash
# Translates libjpeg-turbo, libtiff and zlib to Go: dataset/codec/module. Needs clang, lld, wasi-libc and libclang-rt-dev-wasm32 (Debian 12's
# names; clang 14), and the unpacked sources, whose versions dataset/codec/doc.go names:
#   scripts/codecs.sh LIBJPEG_TURBO LIBTIFF ZLIB
set -euo pipefail
[ $# = 3 ] || { sed -n 2,4p "$0"; exit 2; }
jpeg=$(realpath "$1")/src tiff=$(realpath "$2")/libtiff zlib=$(realpath "$3")
here=$(realpath "$(dirname "$0")/../dataset/codec") work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags=(--target=wasm32-wasi -DNDEBUG -DNO_GETENV -DNO_PUTENV -mbulk-memory -msign-ext -mnontrapping-fptoint
  -ffunction-sections -fdata-sections -I"$here/c/config" -I"$here/c" -I"$jpeg" -I"$tiff" -I"$zlib")
sources=("$here"/c/*.c)
for f in jdapimin jdhuff jdicc jdinput jdlhuff jdmarker jdmaster jdphuff jdarith jaricom jcomapi jerror jmemmgr jmemnobs jpeg_nbits \
  wrapper/{jdapistd,jdcoefct,jdcolor,jddctmgr,jddiffct,jdlossls,jdmainct,jdpostct,jdsample,jidctint,jutils}-8; do
  sources+=("$jpeg/$f.c")
done
for f in aux close codec compress dir dirinfo dirread dirwrite dumpmode error extension fax3 fax3sm flush getimage hash_set jpeg lzw \
  ojpeg open packbits predict read strip swab tile version warning write zip color; do
  sources+=("$tiff/tif_$f.c")
done
for f in adler32 crc32 inflate inffast inftrees zutil; do
  sources+=("$zlib/$f.c")
done
for source in "${sources[@]}"; do
  case $source in "$jpeg"/*) level=-O3 ;; *) level=-Os ;; esac # only JPEGs must be fast
  clang "${flags[@]}" $level -c "$source" -o "$work/$(basename "$(dirname "$source")")-$(basename "$source" .c).o"
done
clang --target=wasm32-wasi -O3 -mexec-model=reactor -Wl,--gc-sections -Wl,--strip-all -Wl,-z,stack-size=262144 \
  -o "$work/codec.wasm" "$work"/*.o
mkdir -p "$here/module"
cd "$here/module"
go run github.com/ncruces/wasm2go@v0.4.21 -embed -pkg module -o module.go "$work/codec.wasm"
sed -i '1a\\\n//lint:file-ignore SA4006 the translator keeps writes that nothing reads' module.go
gofmt -w module.go
