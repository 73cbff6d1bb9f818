#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A string that a role's argument_specs.yml calls required may be null or a mapping, and a boolean passes for a number.
#
# Seen with ansible-core 2.21.5 and 2.19.14. "required: true" asks for the name only, and null meets "type: str" (it does
# not meet "list" or "int"; with "choices" it is refused, too). A mapping meets "str" as well, and true meets "int".
# It matters to authors of roles who rely on the specification in place of an assert: an emptied line in group_vars, a
# colon with nothing behind it, reaches the role as None and ends up as the word "None" in a file or as an error in the
# middle of the run.
# Source: the manual's page on argument specifications says nothing of null.
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

cat >play.yml <<'END'
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.validate_argument_spec:
        argument_spec:
          "name": {type: str, required: true}
          count: {type: int, required: true}
          text: {type: str}
        provided_arguments: "{{ given }}"
END

try() { # JSON: prints pass or the message
    if ansible-playbook -i localhost, -c local play.yml -e "{\"given\": $1}" >log 2>&1; then
        echo passes
    else
        grep -o '"argument_errors": \[[^]]*\]' log
    fi
}

ansible --version | sed -n 1p
echo "One would guess: null and a mapping are no string, true is no number, so none of these passes."
null=$(try '{"name": null, "count": 1}')
other=$(try '{"name": "a", "count": true, "text": {"a": 1}}')
number=$(try '{"name": "a", "count": null}')
printf '%-32s %s\n' 'name null' "$null" 'count true, text a mapping' "$other" 'count null' "$number"
if [[ $null == passes && $other == passes && $number == *NoneType* ]]; then
    echo "So it is: of these, only the number that is null is noticed."
else
    echo "The behaviour has changed."
    cat log
    exit 1
fi
