#!/usr/bin/env bash
# Ceph's S3 gateway for the tests: one monitor, one object store in memory, one radosgw, all on the loopback interface.
#   rgw.sh start  DIR PORT    a new, empty cluster; uses PORT to PORT+60
#   rgw.sh halt   DIR PORT    the gateway goes away, the objects stay
#   rgw.sh resume DIR PORT    the gateway comes back
#   rgw.sh stop   DIR         ends the three processes and removes DIR
# Needs: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd ceph-common
set -euo pipefail

action=${1:?start, halt, resume or stop}
dir=${2:?a folder}
port=${3:-}
access_key=${RGW_ACCESS_KEY:-testaccesskey}
secret_key=${RGW_SECRET_KEY:-testsecretkey0123456789}
export CEPH_CONF="$dir/ceph.conf" CEPH_ARGS=''

spawn() { # NAME COMMAND...: in a session of its own, its pid and output kept in DIR
  local name=$1
  shift
  setsid "$@" >"$dir/log/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

end() { # NAME: not asked politely, as nothing here is worth keeping and radosgw takes six seconds to leave
  local pid
  [ -f "$dir/$1.pid" ] || return 0
  pid=$(cat "$dir/$1.pid")
  kill -9 "$pid" 2>/dev/null || true
  # a zombie has closed its sockets: it may stay until somebody reaps it
  while grep -qs '^State:[[:space:]]*[^Z]' "/proc/$pid/status"; do sleep 0.05; done
  rm -f "$dir/$1.pid"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

await() { # WHAT COMMAND...: up to 30 s
  local what=$1
  shift
  for _ in $(seq 300); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  echo "Ceph: $what did not come up; see $dir/log" >&2
  tail -n 5 "$dir"/log/*.out >&2
  exit 1
}

start_gateway() {
  spawn rgw radosgw -n client.rgw -f
  await 'the gateway' listening
}

osd_is_up() { ceph osd stat 2>/dev/null | grep -q '1 up'; }

write_config() {
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$((port + 1))/0,v1:127.0.0.1:$((port + 2))/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = $((port + 10))
ms bind port max = $((port + 60))
auth cluster required = none
auth service required = none
auth client required = none
# radosgw would insist on "secure", which there is none of without authentication
ms mon client mode = crc
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/log/\$name.log
keyring = /dev/null
log to stderr = false
err to stderr = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon warn on pool no redundancy = false
[mon]
mon data = $dir/mon
mon cluster log file = $dir/log/cluster.log
mon data avail warn = 1
mon data avail crit = 1
mon memory autotune = false
mon osd cache size = 10
paxos propose interval = 0.05
paxos min wait = 0.01
[osd]
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
osd op num shards = 1
osd op num threads per shard = 2
osd max object size = 134217728
osd max object name len = 2048
osd class load list = *
osd class default list = *
osd fast fail on connection refused = true
[client]
# without tcp_nodelay each small GET takes 45 ms
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw thread pool size = 64
rgw dns name = localhost
rgw crypt require ssl = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw enable usage log = false
rgw run sync thread = false
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw gc max objs = 1
rgw lc max objs = 1
rgw data log num shards = 1
rgw md log max shards = 1
rgw usage max shards = 1
rgw objexp hints num shards = 1
rgw num control oids = 1
rgw num rados handles = 1
CONF
}

case $action in
start)
  : "${port:?a port}"
  mkdir -p "$dir"/{mon,osd,run,log}
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  write_config
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$((port + 1))/0,v1:127.0.0.1:$((port + 2))/0]" "$dir/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$dir/monmap" >"$dir/log/mon-mkfs.out" 2>&1
  spawn mon ceph-mon -i a -f
  timeout 30 ceph osd new "$osd" >/dev/null
  ceph-osd -i 0 --mkfs --osd-uuid "$osd" >"$dir/log/osd-mkfs.out" 2>&1
  spawn osd ceph-osd -i 0 -f
  await 'the object store' osd_is_up
  start_gateway
  timeout 60 radosgw-admin user create --uid=test --display-name=test \
    --access-key="$access_key" --secret-key="$secret_key" >"$dir/log/user.out" 2>&1
  echo "endpoint=http://127.0.0.1:$port"
  ;;
halt) end rgw ;;
resume)
  : "${port:?a port}"
  start_gateway
  ;;
stop)
  for name in rgw osd mon; do end "$name"; done
  rm -rf "$dir"
  ;;
*)
  echo "rgw.sh: $action is not start, halt, resume or stop" >&2
  exit 2
  ;;
esac
