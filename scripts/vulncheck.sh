#!/usr/bin/env bash
# Looks for known vulnerabilities that facet or facet-beam call, with govulncheck: scripts/vulncheck.sh
# The database is made of Go's own reports, golang.org/x/vulndb, at the version below. So the answer is the same everywhere, and changes when the version does.
# Go's standard library is that of the Go in .goreleaser.yaml, which releases are built with.
set -euo pipefail
cd "$(dirname "$0")/.."
reports=golang.org/x/vulndb@v0.0.0-20261105234957-e22db6528018
govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0
GOTOOLCHAIN=$(sed -n 's/^ *- GOTOOLCHAIN=//p' .goreleaser.yaml)
export GOTOOLCHAIN

database=${XDG_CACHE_HOME:-$HOME/.cache}/facet-tests/vulndb-${reports##*-}
if [ ! -f "$database/index/db.json" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && go mod download -json $reports) | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' >"$work/folder"
  (cd "$work" && go run "${reports/@//cmd/indexdb@}" -vulns "$(cat "$work/folder")/data/osv" -out "$work/database")
  mkdir -p "$(dirname "$database")"
  rm -rf "$database"
  mv "$work/database" "$database"
fi

for module in . beam; do
  (cd "$module" && go run $govulncheck -db "file://$database" ./...)
done
