#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# netaddr.IPNetwork compares the networks only: 192.0.2.1/24 equals 192.0.2.2/24, and a set keeps one of the two.
#
# Seen with netaddr 1.3.0. An IPNetwork keeps the address that it was made of (.ip, str()), and so it is used for an
# interface's address with its prefix; == and hash() leave that address out. sorted() does not. Two equal IPSets may print
# differently, too. ipaddress.ip_interface, the standard library's counterpart, tells the two apart.
# It matters to whoever compares what an interface has with what it should have, or removes repetitions from a list of
# nodes' addresses: a change of the address within its network is "no change", and hosts get lost. Compare str().
# Source: the docstring of IPNetwork.__eq__ says "equivalent"; what that leaves out it does not say.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet netaddr==1.3.0
cat >compare.py <<'END'
import ipaddress
import netaddr

one, two = "192.0.2.1/24", "192.0.2.2/24"
for make in (netaddr.IPNetwork, ipaddress.ip_interface):
    print(make.__name__, make(one) == make(two), len({make(one), make(two)}), *sorted({str(make(one)), str(make(two))}))
END
output=$(venv/bin/python compare.py)

echo "netaddr 1.3.0, $(python3 --version)"
echo "One would guess: objects that keep and print different addresses are not equal, a set holds two."
echo "$output"
if [[ $output == $'IPNetwork True 1 192.0.2.1/24 192.0.2.2/24\nip_interface False 2 192.0.2.1/24 192.0.2.2/24' ]]; then
    echo "So it is: equal, and one of the two hosts gets lost in a set."
else
    echo "The behaviour has changed."
    exit 1
fi
