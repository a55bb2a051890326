#!/usr/bin/env bash
# Runs facet-beam on a real Flink and compares its tables with those of plain processes and of Prism, to the last bit.
#   scripts/flink.sh [PICTURES]
# Flink is the one inside Beam's job server, in one process. Maven brings the job server: it needs Java 11 or 17, Maven, and 250 MB in Maven's cache the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
pictures=${1:-14}
beam=${FACET_BEAM_JOB_SERVER:-2.62.0} # the newest whose job server and runner Maven Central serves together; it takes jobs of newer SDKs for Go
shards=7
work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

step() { printf '\n== %s (%d s so far)\n' "$*" "$SECONDS"; }

step "the job server"
if ! command -v mvn >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq maven default-jre-headless >/dev/null
fi
cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>facet</groupId><artifactId>flink</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.beam</groupId><artifactId>beam-runners-flink-1.19</artifactId><version>$beam</version></dependency>
  </dependencies>
</project>
POM
mvn -B -q -f "$work/pom.xml" dependency:build-classpath -Dmdep.outputFile="$work/classpath"

# Three ports that nobody has.
read -r job artifact expansion < <(python3 -c '
import socket
s = [socket.socket() for _ in range(3)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])')
java -Xmx1g -cp "$(cat "$work/classpath")" org.apache.beam.runners.flink.FlinkJobServerDriver \
  --job-host 127.0.0.1 --job-port "$job" --artifact-port "$artifact" --expansion-port "$expansion" \
  --artifacts-dir "$work/artifacts" --flink-master '[local]' >"$work/server.log" 2>&1 </dev/null &
server=$!

step "facet and facet-beam"
go build -o "$work/facet" ./cmd/facet
(cd beam && go build -o "$work/facet-beam" ./cmd/facet-beam)
for _ in $(seq 120); do
  (exec 3<>"/dev/tcp/127.0.0.1/$job") 2>/dev/null && break
  kill -0 "$server" || { cat "$work/server.log"; exit 1; }
  sleep 0.5
done

source="scenes:single?n=$pictures&seed=3&size=64"
export FACET_CACHE=$work/cache

tables() { (cd "$1" && find . -type f ! -name atlas.json ! -name .lock -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

same() {
  tables "$2" >"$work/got"
  if ! diff "$work/want" "$work/got"; then
    echo "$1: other tables than those of one plain process"
    exit 1
  fi
  printf '%-28s the same %d tables\n' "$1" "$(wc -l <"$work/want")"
}

step "plain processes"
for workers in 1 2 4 7; do
  out=$work/plain-$workers
  mkdir "$out"
  seq 0 $((shards - 1)) | xargs -P "$workers" -I{} "$work/facet" scan "$source" --engine portable --shard {}/$shards -o "$out/part-{}" >"$out.log" 2>&1 || { cat "$out.log"; exit 1; }
  "$work/facet" atlas merge "$out"/part-* -o "$out/atlas" >>"$out.log" 2>&1 || { cat "$out.log"; exit 1; }
  [ "$workers" != 1 ] || { tables "$out/atlas" >"$work/want"; cat "$work/want"; }
  same "$workers plain processes" "$out/atlas"
done

step "Prism"
"$work/facet-beam" --source "$source" --output "$work/prism" --shards $shards --engine portable >"$work/prism.log" 2>&1 || { tail -50 "$work/prism.log"; exit 1; }
same "Prism" "$work/prism/atlas"

step "Flink"
for workers in 1 2 4 7; do
  out=$work/flink-$workers
  "$work/facet-beam" --source "$source" --output "$out" --shards $shards --engine portable --runner flink --endpoint "127.0.0.1:$job" \
    --environment_type LOOPBACK --parallelism "$workers" >"$out.log" 2>&1 </dev/null || { tail -50 "$out.log"; exit 1; }
  same "Flink, $workers workers" "$out/atlas"
done
step "all tables are the same"
