#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Variables in the [group:vars] section of an INI inventory are not strings, though the plugin's page says so twice.
#
# Seen with ansible-core 2.21.5 and 2.19.14. What stands in a :vars section is read as a Python literal, exactly as behind a
# host's name: 23 is a number, 0x10 is 16, [1, 2] a list, and a shortened commit such as 12e5678 the float infinity, which
# `ansible-inventory --list` then prints as a word that is not JSON. A comment behind a number vanishes, behind a word it
# becomes part of the value.
# It matters to whoever keeps versions, commits, octal modes or identifiers in such a section because it is documented to
# keep them as they are. Use YAML and quotes.
# Source: `ansible-doc -t inventory ini`: "When declared in a :vars section, INI values are interpreted as strings", and in
# its example "myvar=23 # defined in a :vars section, interpreted as a string".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# ansible-core 2.21 wants Python 3.12; an older interpreter gets 2.19, which behaves alike
python=python3
for candidate in python3.14 python3.13 python3.12; do
    if "$candidate" -c '' 2>/dev/null; then python=$candidate && break; fi
done
"$python" -m venv venv
venv/bin/pip install --quiet 'ansible-core==2.21.5; python_version >= "3.12"' 'ansible-core==2.19.14; python_version < "3.12"'
export HOME=$work PATH=$work/venv/bin:$PATH ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0
export ANSIBLE_INVENTORY_UNPARSED_WARNING=0 ANSIBLE_PYTHON_INTERPRETER=$work/venv/bin/python

cat >hosts <<'END'
[web]
host

[web:vars]
number=23 # interpreted as a string
word=yes # a word
mask=0x10
list=[1, 2]
commit=12e5678
END

ansible --version | sed -n 1p
echo 'One would guess (and the documentation says): strings, "23", "0x10", "[1, 2]", "12e5678"; comments treated alike.'
output=$(ansible-inventory -i hosts --host host | tr -d '\n' | tr -s ' ')
echo "$output"
if [[ $output == *'"commit": Infinity, "list": [ 1, 2 ], "mask": 16, "number": 23, "word": "yes # a word"'* ]]; then
    echo "So it is: none of them is a string but the one that swallowed its comment."
else
    echo "The behaviour has changed."
    exit 1
fi
