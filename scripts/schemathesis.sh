#!/usr/bin/env bash
# Asks facet serve thousands of questions that schemathesis makes of its OpenAPI description: none may be answered by a fault, and no answer may tell a path of
# this machine. Needs schemathesis (PyPI): SCHEMATHESIS says where, MODEL and ATLAS what is served (the demo where they are empty), EXAMPLES how many.
set -euo pipefail
cd "$(dirname "$0")/.."
schemathesis=$(realpath -s "$(command -v "${SCHEMATHESIS:-schemathesis}")")
examples=${EXAMPLES:-300} # of each of some 30 questions
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
facet=${FACET:-$work/facet}
[ -x "$facet" ] || go build -o "$facet" ./cmd/facet
mkdir "$work/zqsecretfolder"
FACET_CACHE=${FACET_CACHE:-$work/zqsecretfolder} "$facet" serve ${ATLAS:-} --listen localhost:0 --no-open ${MODEL:+--model "$MODEL"} 2>"$work/log" &
server=$!
for _ in $(seq 2400); do
  address=$(sed -n 's/.*the explorer is at \(http[^ ]*\)\/$/\1/p' "$work/log")
  [ -n "$address" ] && curl -sf "$address/api/v1/model" >/dev/null && break
  sleep 0.5
done
cat >"$work/hooks.py" <<'PY'
import schemathesis

@schemathesis.check
def nothing_leaks(ctx, response, case):
    text = response.content.decode("utf-8", "replace") + str(response.headers)
    assert "zqsecretfolder" not in text and "goroutine " not in text, "an answer tells of the machine"
PY
cd "$work" # where it leaves its notes of what failed
SCHEMATHESIS_HOOKS="$work/hooks.py" "$schemathesis" run "$address/api/openapi.json" --checks not_a_server_error,nothing_leaks,content_type_conformance \
  --max-examples "$examples" --phases fuzzing,examples,coverage --request-timeout 120 --workers "${WORKERS:-4}" --no-color ${SEED:+--seed "$SEED"} "$@"
