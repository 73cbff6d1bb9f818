#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CoreDNS' hosts plugin answers an unknown name with SERVFAIL, and its ready plugin is content without any zone.
#
# Seen with CoreDNS 1.14.7. A hosts block without "fallthrough" that does not know a name does not say that there is no such
# name (NXDOMAIN), but that the server has failed. A resolver then asks the next server and again, waits, and may give up
# before the other domains of its search list. Where a zone's file does not exist, CoreDNS starts, warns once, answers that
# zone with SERVFAIL for a minute at least, and /ready says 200 OK from the start.
# It matters to whoever adds names to a cluster's Corefile: the block that lacks one word turns every misspelt name into an
# outage for its caller, and a readiness probe lets a server into service that serves nothing.
# Source: the plugin's page says that fallthrough passes a request on, not what is answered without it.
set -euo pipefail
version=v1.14.7
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require github.com/coredns/coredns $version
END
cat >main.go <<'END'
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/file"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() { coremain.Run() }
END
nice -n 15 go build -mod=mod -o coredns .

cat >ask.py <<'END'
import socket
import struct
import sys
import time
import urllib.request

CODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def ask(name: str, kind: int) -> str:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.sendto(query, ("127.0.0.1", int(sys.argv[1])))
        return CODES[client.recv(4096)[3] & 15]


def ready() -> str:
    for _ in range(60):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/ready", timeout=2) as answer:
                return f"{answer.status} {answer.read().decode()}"
        except OSError:
            time.sleep(0.25)
    return "nothing"


print("ready:", ready())
for name, kind in (("known.test", 1), ("known.test", 28), ("unknown.test", 1), ("www.zone.example", 1)):
    print(f"{name} {'A' if kind == 1 else 'AAAA'}:", ask(name, kind))
END
read -r dns http < <(python3 -c '
import socket
sockets = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
[one.bind(("127.0.0.1", 0)) for one in sockets]
print(*(one.getsockname()[1] for one in sockets))')
cat >Corefile <<END
test:$dns {
    bind 127.0.0.1
    hosts {
        192.0.2.1 known.test
    }
    ready 127.0.0.1:$http
}
zone.example:$dns {
    bind 127.0.0.1
    file $work/nosuch.zone
    ready 127.0.0.1:$http
}
END
./coredns -quiet -conf Corefile >log 2>&1 &
server=$!
output=$(python3 ask.py "$dns" "$http")

./coredns -version | sed -n 1p
echo "One would guess: NXDOMAIN for unknown.test; a zone without its file ends the start, or keeps /ready from saying OK."
echo "$output"
cat log
if [[ $output == $'ready: 200 OK\nknown.test A: NOERROR\nknown.test AAAA: NOERROR\nunknown.test A: SERVFAIL\nwww.zone.example A: SERVFAIL' ]]; then
    echo "So it is: a name that is not listed is a failed server, and the server without its zone is ready."
else
    echo "The behaviour has changed."
    exit 1
fi
