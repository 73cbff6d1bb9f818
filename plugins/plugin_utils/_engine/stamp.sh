#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Managed by Ansible (barehost.kubernetes): changes are overwritten.
# Records what a unit is started with: one line for each input named in /etc/barehost/inputs/<unit>, into /run/barehost/<unit>.
# systemd runs it before each start (ExecStartPre); it must never keep a unit from starting, so it always ends well.
set -u
umask 077
unit=${1:?usage: stamp UNIT}
inputs=${BAREHOST_INPUTS:-/etc/barehost/inputs}/$unit
directory=${BAREHOST_RUN:-/run/barehost}

value() {
    if [ ! -e "$1" ]; then
        echo 'missing -'
    elif [ ! -f "$1" ]; then
        echo 'other -'
    else
        size=$(stat -L -c %s -- "$1") || { echo 'missing -'; return; }
        case $1 in
            /usr/local/bin/* | /usr/local/sbin/* | /opt/*) size_counts=yes ;;
            *) size_counts=no ;;
        esac
        if [ "$size_counts" = yes ] || [ "$size" -gt 1048576 ]; then
            echo "stat $(readlink -f -- "$1"):$size:$(stat -L -c %Y -- "$1")"
        else
            digest=$(sha256sum <"$1") || { echo 'missing -'; return; }
            echo "sha256 ${digest%% *}"
        fi
    fi
}

mkdir -p -- "$directory" || exit 0
temporary=$directory/.$unit.$$
while IFS= read -r path; do
    printf '%s  %s\n' "$(value "$path")" "$path"
done <"$inputs" >"$temporary" && mv -f -- "$temporary" "$directory/$unit" && exit 0
rm -f -- "$temporary" "$directory/$unit"
exit 0
