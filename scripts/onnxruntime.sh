#!/bin/sh
# Puts the official ONNX Runtime library for this platform into facet's cache folder. Needs npm: the package
# onnxruntime-node carries the libraries of all platforms. Does nothing when the pinned version is already there.
set -eu

version=1.30.0
# What the package must hash to: base64 of SHA-512, as `npm view onnxruntime-node@VERSION dist.integrity` prints it.
integrity=sha512-twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==

fail() { printf 'onnxruntime.sh: %s\n' "$*" >&2; exit 1; }

other="get libonnxruntime 1.24 or newer elsewhere and name it in FACET_ONNXRUNTIME"

case $(uname -m) in
  x86_64 | amd64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) fail "the package has no library for $(uname -m): $other" ;;
esac
case $(uname -s) in
  Linux) platform=linux cache=${XDG_CACHE_HOME:-$HOME/.cache} source=libonnxruntime.so.1 library=libonnxruntime.so.1 ;;
  Darwin) platform=darwin cache=$HOME/Library/Caches source=libonnxruntime.$version.dylib library=libonnxruntime.dylib ;;
  MINGW* | MSYS* | CYGWIN*) platform=win32 cache=$(cygpath "$LOCALAPPDATA") source=onnxruntime.dll library=onnxruntime.dll ;;
  *) fail "the package has no library for $(uname -s): $other" ;;
esac
[ "$platform/$machine" != darwin/x64 ] || fail "the package has no library for Intel Macs: $other"

folder=${FACET_CACHE:-$cache/facet}/onnxruntime
if [ -s "$folder/$library" ] && [ "$(cat "$folder/VERSION" 2>/dev/null)" = "$version" ]; then
  printf 'ONNX Runtime %s is there: %s\n' "$version" "$folder/$library"
  exit 0
fi
command -v npm >/dev/null || fail "npm is needed; or $other"

mkdir -p "$folder"
# Beside its destination, so that the last step is a rename within one file system.
work=$(mktemp -d "$folder/.part.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

(cd "$work" && npm pack --silent --ignore-scripts "onnxruntime-node@$version" >/dev/null) ||
  fail "npm could not get onnxruntime-node $version; or $other"
archive=$work/onnxruntime-node-$version.tgz
found=sha512-$(node -e 'const hash = require("crypto").createHash("sha512")
hash.update(require("fs").readFileSync(process.argv[1])); console.log(hash.digest("base64"))' "$archive")
[ "$found" = "$integrity" ] || fail "the package does not have its digest: expected $integrity, found $found"

member=package/bin/napi-v6/$platform/$machine/$source
tar -xzOf "$archive" "$member" >"$work/$library" || fail "the package has no $member"
[ -s "$work/$library" ] || fail "the package has an empty $member"
rm -f "$folder/VERSION"
mv -f "$work/$library" "$folder/$library"
printf '%s\n' "$version" >"$folder/VERSION"
printf 'ONNX Runtime %s: %s\n' "$version" "$folder/$library"
