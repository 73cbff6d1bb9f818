#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CNI's host-local says that it supports specification 1.1.0, answers GC and STATUS with success, and does neither.
#
# Seen with containernetworking/plugins 1.9.1. Version 1.1 of the specification lets a runtime hand a plugin the list of
# attachments that still exist (GC), so that it frees all others, and ask whether it could serve an ADD now (STATUS).
# host-local exits with 0 for a GC that names no attachment as valid, and keeps every address; it exits with 0 for STATUS
# while its range is used up and the next ADD fails. Nothing tells the caller that the verbs are empty.
# It matters to whoever looks after nodes: addresses lost in a crash (a host that lost power between ADD and DEL) stay lost
# in a small node range, and a runtime's regular GC, which returns no error, is no reason to believe otherwise.
# Source: the CNI specification 1.1.0, sections GC and STATUS, says what the two are for; the plugin's own page is silent.
set -euo pipefail
version=v1.9.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require github.com/containernetworking/plugins $version
END
nice -n 15 go build -mod=mod -o host-local github.com/containernetworking/plugins/plugins/ipam/host-local

network='{"cniVersion": "1.1.0", "name": "net", "type": "host-local", "cni.dev/valid-attachments": [],
  "ipam": {"type": "host-local", "dataDir": "'$work'/data", "ranges": [[{"subnet": "192.0.2.0/30"}]]}}'

cni() { # VERB CONTAINER: prints the answer on one line
    local answer
    answer=$(CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/none CNI_IFNAME=eth0 CNI_PATH=$work ./host-local <<<"$network") || echo -n "[failed] "
    tr -d ' \n\t' <<<"$answer"
    echo
}

echo "containernetworking/plugins $version, host-local; a range with one address"
echo "One would guess: STATUS fails while the range is used up, GC without a valid attachment frees the address."
supported=$(cni VERSION '')
first=$(cni ADD lost)
status=$(cni STATUS '')
collected=$(cni GC '')
second=$(cni ADD new)
printf '%-32s %s\n' VERSION "$supported" 'ADD lost' "$first" STATUS "${status:-[success]}" 'GC, nothing is valid' "${collected:-[success]}" 'ADD new' "$second"

if [[ $supported == *'"1.1.0"]'* && $first == *192.0.2.2/30* && -z $status && -z $collected && $second == '[failed]'*noIPaddressesavailable* ]]; then
    echo "So it is: both succeed, and the address is still taken."
else
    echo "The behaviour has changed."
    exit 1
fi
