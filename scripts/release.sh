#!/usr/bin/env bash
# Builds a release without publishing it, and checks what came out: scripts/release.sh [all]
# Without "all" only this platform is built, as each other one compiles for minutes. Needs goreleaser and cyclonedx-gomod (docs/releasing.md).
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:$(go env GOPATH)/bin SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)

step() { printf '\n== %s\n' "$*"; }
fail() { echo "release: $*" >&2; exit 1; }

step "the configuration"
goreleaser check

step "build"
config=.goreleaser.yaml
if [ "${1:-}" != all ]; then # the same configuration, for this platform alone
  mkdir -p out
  config=out/goreleaser.yaml
  sed "s/^\( *goos:\) \[.*\]/\1 [$(go env GOOS)]/; s/^\( *goarch:\) \[.*\]/\1 [$(go env GOARCH)]/" .goreleaser.yaml >$config
fi
goreleaser release --config $config --snapshot --clean --skip=docker

step "digests"
(cd dist && sha256sum -c SHA256SUMS)

version=$(sed -n 's/.*"version":"\([^"]*\)".*/\1/p' dist/metadata.json)
os=$(go env GOOS) arch=$(go env GOARCH)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step "the archive of $os/$arch"
tar -xzf "dist/facet_${version}_${os}_${arch}.tar.gz" -C "$work"
for file in facet LICENSE README.md CHANGELOG.md man/man1/facet.1 man/man1/facet-explain.1 completions/facet.bash; do
  [ -s "$work/$file" ] || fail "the archive lacks $file"
done
says=$("$work/facet" version | awk '$1 == "facet" { print $2 }')
[ "$says" = "v$version" ] || fail "facet version says $says, the release is v$version"
echo "facet version says $says"

for package in dist/*.deb; do
  [ -e "$package" ] || continue
  step "$package"
  dpkg-deb --info "$package" | grep -E '^ (Package|Version|Depends|Architecture):'
  contents=$(dpkg-deb --contents "$package") # whole: grep -q ends a pipe early, and dpkg-deb then fails
  for file in usr/bin/facet usr/share/man/man1/facet.1 usr/share/bash-completion/completions/facet usr/share/doc/facet/copyright; do
    grep -q " \./\?$file" <<<"$contents" || fail "$package lacks $file"
  done
done

step "contents of binaries"
found=0
for list in dist/*.cdx.json; do
  grep -q '"pkg:golang/github.com/parquet-go/parquet-go@' "$list" || fail "$list does not name the modules"
  found=$((found + 1))
done
echo "$found lists of modules"
