#!/usr/bin/env bash
# Builds the wheel of the Python package, installs it into a fresh environment, and runs there its tests, the type checker and the notebook.
#   scripts/python.sh              everything but the files of drift, which take a minute and a half of processor time; FACET_SLOW=1 reads them too
#   scripts/python.sh --wheel DIR  only the wheel, into DIR
# FACET_BINARY names a binary to carry; otherwise Go builds a static one. FACET_VENV names a folder that keeps the environment between runs.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${FACET_VENV:-$work/venv}

step() { printf '\n== %s\n' "$*"; }

step "environment"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if [ "${1:-}" = --wheel ]; then
  "$venv/bin/pip" install -q hatchling build
else
  "$venv/bin/pip" install -q hatchling build pytest mypy numpy pandas polars duckdb pyarrow pillow nbclient nbformat ipykernel
fi

step "wheel"
if [ -z "${FACET_BINARY:-}" ]; then
  CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o "$work/facet" ./cmd/facet
  export FACET_BINARY=$work/facet
fi
"$venv/bin/python" -m build -q --wheel --no-isolation --outdir "$work/dist" python
ls -l "$work/dist"
if [ "${1:-}" = --wheel ]; then
  mkdir -p "$2" && cp "$work"/dist/*.whl "$2"
  exit
fi

step "install"
"$venv/bin/pip" install -q --force-reinstall --no-deps "$work"/dist/*.whl
unset FACET_BIN # the tests are to run the binary in the wheel
cd "$work" # and its modules, not the source's
"$venv/bin/facet" version

step "types"
"$venv/bin/python" -m mypy --config-file "$root/python/pyproject.toml"

step "tests"
"$venv/bin/python" -m pytest -q -p no:cacheprovider --rootdir "$root/python" "$root/python/tests"

step "notebook"
"$venv/bin/python" "$root/python/notebook.py" --check "$root/docs/notebooks/facet.ipynb"
