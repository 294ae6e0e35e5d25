#!/usr/bin/env bash
# Ends what a run of the tests left behind: the processes that were started with S3_TEST_RUN=RUN in their environment (or
# RUN.x, of a run within it), and its temporary folders, but for those somebody wants to look into.
#   end-run.sh RUN
# A process keeps the environment it was started with in /proc: a pid that somebody else has by now is never hit, and what
# a test's own child has started is found, too, in whichever session it is.
set -uo pipefail
# an impatient second Ctrl-C reaches this script as well
trap '' HUP INT TERM

run=${1:?a run}
if [[ ! $run =~ ^[a-z0-9.]+$ ]]; then
  echo "end-run: $run is no run" >&2
  exit 2
fi
# else it would find itself
[ -z "${S3_TEST_RUN:-}" ] || exec env -u S3_TEST_RUN bash "$0" "$run"

# again, as one that is not hit yet may have started another one
for _ in $(seq 50); do
  found=$(grep -lsza "^S3_TEST_RUN=${run//./\\.}\(\.\|$\)" /proc/[0-9]*/environ)
  [ -n "$found" ] || break
  while IFS=/ read -r _ _ pid _; do kill -9 "$pid" 2>/dev/null; done <<<"$found"
  sleep 0.1
done

for folder in "${TMPDIR:-/tmp}/s3-storage-$run"[.-]*; do
  [ ! -d "$folder" ] || [ -e "$folder/.kept" ] || rm -rf "$folder"
done
exit 0
