#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# etcd that is told to stop waits 7 s for a client that only watches. Without a watch it ends at once.
#
# Seen with etcd 3.7.2 and etcdctl 3.7.2. On SIGTERM, etcd accepts no more connections and waits until every open stream has
# ended by itself, at most its request time-out: 5 s and two election time-outs (etcd's embed.stopServers, ServerConfig.ReqTimeout).
# A watch never ends by itself, and etcd neither ends it nor tells its clients. With TLS it is the same.
# It matters to whoever restarts the only member of a cluster: kube-apiserver always watches, so the API is away for 7 s longer
# than the restart takes. Where that counts, stop the apiserver first, and start it afterwards.
set -euo pipefail
version=v3.7.2
work=$(mktemp -d)
server='' watch=''
# shellcheck disable=SC2317,SC2329 # the trap calls it
clean() {
    for process in $watch $server; do kill -9 "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require (
	go.etcd.io/etcd/etcdctl/v3 $version
	go.etcd.io/etcd/server/v3 $version
)
END
nice -n 15 go build -mod=mod -o etcd go.etcd.io/etcd/server/v3
nice -n 15 go build -mod=mod -o etcdctl go.etcd.io/etcd/etcdctl/v3

client=http://127.0.0.1:23791
seconds_to_stop() { # whether somebody watches: yes or no
    rm -rf data
    ./etcd --data-dir data --name one --listen-client-urls "$client" --advertise-client-urls "$client" --logger zap --log-level error \
        --listen-peer-urls http://127.0.0.1:23801 --initial-advertise-peer-urls http://127.0.0.1:23801 \
        --initial-cluster one=http://127.0.0.1:23801 >server.log 2>&1 &
    server=$!
    until ./etcdctl --endpoints "$client" put key value >/dev/null 2>&1; do sleep 0.2; done
    if [[ $1 == yes ]]; then
        ./etcdctl --endpoints "$client" watch key >watch.log 2>&1 &
        watch=$!
        until grep -q value watch.log; do ./etcdctl --endpoints "$client" put key value >/dev/null; sleep 0.2; done
    fi
    local began=$EPOCHREALTIME
    kill -TERM "$server"
    wait "$server" || true
    server=
    python3 -c "import sys; print(f'{float(sys.argv[2]) - float(sys.argv[1]):.1f}')" "$began" "$EPOCHREALTIME" >seconds
    if [[ -n $watch ]]; then kill "$watch"; wait "$watch" || true; watch=; fi
}

./etcd --version | sed -n 1p
seconds_to_stop no && without=$(<seconds)
seconds_to_stop yes && with=$(<seconds)
echo "One would guess: a graceful stop ends watches, and takes as long as without them."
echo "SIGTERM to the end, nobody watches:      $without s"
echo "SIGTERM to the end, one client watches:  $with s"
if python3 -c 'import sys; sys.exit(not (float(sys.argv[1]) < 2 and 6.5 < float(sys.argv[2]) < 9))' "$without" "$with"; then
    echo "So it is: one watch delays the end by the whole request time-out."
else
    echo "The behaviour has changed."
    tail -5 server.log
    exit 1
fi
