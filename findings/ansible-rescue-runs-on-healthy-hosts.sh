#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With any_errors_fatal, a block's rescue section runs on hosts on which nothing failed.
#
# Seen with ansible-core 2.21.5 and 2.19.14. One host fails a task in a block, the other has done it: any_errors_fatal marks
# all hosts, so the rescue section runs on both, and the play goes on with both and ends with 0. On the healthy host
# ansible_failed_task and ansible_failed_result are not defined, and its recap says rescued=0.
# It matters to whoever writes a roll-back into rescue: it undoes what worked elsewhere, and a message that names
# ansible_failed_result fails there.
# Source: the manual says that a rescue section recovers from a fatal error, not on which hosts it runs.
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
- hosts: all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - block:
        - ansible.builtin.command: "{{ 'false' if inventory_hostname == 'bad' else 'true' }}"
      rescue:
        - ansible.builtin.debug:
            msg: "roll back {{ inventory_hostname }}, failed: {{ ansible_failed_task.action | default('nothing') }}"
END

ansible --version | sed -n 1p
echo "One would guess: the rescue section runs on the host that failed, alone."
status=0
ansible-playbook -i bad,good, -c local play.yml >log 2>&1 || status=$?
output=$(grep -oE 'roll back [^"]*|(bad|good) +: ok.*' log | tr -s ' ' | sort)
echo "$output"
echo "exit status $status"
if [[ $status == 0 && $output == *'roll back bad, failed: '*command*'roll back good, failed: nothing'* ]]; then
    echo "So it is: the host on which nothing failed is rolled back, too."
else
    echo "The behaviour has changed."
    cat log
    exit 1
fi
