#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# etcdctl snapshot status, gone since etcd 3.6, prints a help text and exits with 0, whatever file is named.
#
# Seen with etcdctl 3.7.2. Both moved to etcdutl. An unknown word below any group ("snapshot status", "alarm misspelt",
# "lease misspelt") gives the group's help and success; an unknown word at the top is an error and 1, as one expects.
# It matters to whoever has a script for backups from the years of etcd 3.5: the check of the new snapshot is green for every
# file, one that does not exist included. A restore fails only if it is given an option, such as --data-dir. Use etcdutl.
# Source: the change log of 3.6 says that the commands were removed, not that calling them succeeds.
set -euo pipefail
version=v3.7.2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<END
module finding

go 1.26

require go.etcd.io/etcd/etcdctl/v3 $version
END
nice -n 15 go build -mod=mod -o etcdctl go.etcd.io/etcd/etcdctl/v3

try() { # ARGUMENTS…: prints the exit status and the first line that is not empty
    local status=0
    ./etcdctl "$@" >log 2>&1 || status=$?
    echo "status $status: $(sed '/./!d' log | sed -n 1p)"
}

./etcdctl version
echo "One would guess: an error and another status than 0 for each."
result=
for words in 'snapshot status nosuch.db' 'snapshot restore nosuch.db --data-dir data' 'alarm misspelt' 'misspelt'; do
    read -ra arguments <<<"$words"
    answer=$(try "${arguments[@]}")
    printf 'etcdctl %-44s %s\n' "$words" "$answer"
    result+="${answer%%:*};"
done
if [[ $result == 'status 0;status 1;status 0;status 1;' ]]; then
    echo "So it is: the check of a file that does not exist succeeds (the restore fails for its unknown option only)."
else
    echo "$result"
    echo "The behaviour has changed."
    exit 1
fi
