#!/usr/bin/env bash
# A Docker engine and the MinIO image the tests ask for, on a machine that can pull neither: Debian's docker.io, and MinIO
# compiled from its own source. On a machine with Docker and a network none of this is needed.
#   docker-minio.sh start DIR    prints `export` lines: eval "$(scripts/docker-minio.sh start DIR)"
#   docker-minio.sh stop  DIR    ends the engine; what it built stays in DIR for the next time
# Needs root and Go. About three minutes the first time, some seconds after that: the engine, the binary and the image
# that an earlier run left in DIR are taken as they are.
set -euo pipefail

action=${1:?start or stop}
dir=$(realpath -m "${2:?a folder}")
here=$(dirname "$(realpath "$0")")
# One place names the image: the code that starts it.
image=$(sed -n "s/^export const MINIO_IMAGE = '\(.*\)';$/\1/p" "$here/../tests/support/s3-servers/minio.ts")
# the engine is to outlive a run of the tests that starts it: see end-run.sh
unset S3_TEST_RUN
export DOCKER_HOST="unix://$dir/docker.sock"

say() { echo "docker-minio: $*" >&2; }
engine_runs() { docker version >/dev/null 2>&1; }

install_engine() {
  say 'installing docker.io'
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables >&2
}

start_engine() {
  say "starting an engine in $dir"
  rm -f "$dir/dockerd.pid"
  # vfs, as a container cannot mount an overlay; folders of its own, so that no other engine is touched
  setsid nohup dockerd --storage-driver=vfs --data-root "$dir/data" --exec-root "$dir/exec" \
    -H "$DOCKER_HOST" --pidfile "$dir/dockerd.pid" >"$dir/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 120); do
    if engine_runs; then return 0; fi
    sleep 0.5
  done
  say 'the engine did not come up:'
  tail -n 20 "$dir/dockerd.log" >&2
  exit 1
}

build_image() {
  if ! [ -x "$dir/root/usr/bin/minio" ]; then
    say 'compiling MinIO (two to three minutes)'
    # static, as the image holds nothing else
    CGO_ENABLED=0 GOBIN="$dir/root/usr/bin" go install -ldflags '-s -w' github.com/minio/minio@latest >&2
  fi
  say "packing $image"
  mkdir -p "$dir/root/tmp" "$dir/root/data" "$dir/root/etc"
  tar -C "$dir/root" -c . | docker import -c 'ENTRYPOINT ["/usr/bin/minio"]' -c 'ENV PATH=/usr/bin' -c 'EXPOSE 9000' - "$image" >&2
}

case $action in
start)
  mkdir -p "$dir"
  command -v dockerd >/dev/null || install_engine
  engine_runs || start_engine
  docker image inspect "$image" >/dev/null 2>&1 || build_image
  echo "export DOCKER_HOST=$DOCKER_HOST"
  # Ryuk, the janitor of testcontainers, is an image of its own; and inside a container testcontainers would take the bridge's address.
  echo 'export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1'
  ;;
stop)
  # after a hard stop the file is still there, and its pid may be anybody's by now
  pid=$(cat "$dir/dockerd.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "--pidfile $dir/dockerd.pid "; then
    kill "$pid" || true
  fi
  ;;
*)
  say "$action is neither start nor stop"
  exit 2
  ;;
esac
