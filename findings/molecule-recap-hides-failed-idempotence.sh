#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Molecule calls a scenario whose idempotence step has failed "Successful" in its summary, and exits with 1.
#
# Seen with molecule 26.10.0 (ansible-core 2.21.5 and 2.19.14). The step says that it failed and names the tasks, the exit
# status is 1; but in the recap at the end that step counts as successful, and no action as failed.
# It matters to whoever reads the end of a long log, or counts the recap's words: a CI job that is red shows a summary that
# is green. Judge by the exit status.
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
venv/bin/pip install --quiet 'ansible-core==2.21.5; python_version >= "3.12"' 'ansible-core==2.19.14; python_version < "3.12"' molecule==26.10.0
export HOME=$work PATH=$work/venv/bin:$PATH ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0
export ANSIBLE_INVENTORY_UNPARSED_WARNING=0 ANSIBLE_PYTHON_INTERPRETER=$work/venv/bin/python

mkdir -p molecule/default
cat >molecule/default/molecule.yml <<'END'
platforms: [{name: localhost}]
provisioner:
  name: ansible
  inventory: {hosts: {all: {hosts: {localhost: {ansible_connection: local}}}}}
scenario: {test_sequence: [converge, idempotence]}
END
cat >molecule/default/converge.yml <<'END'
- hosts: all
  gather_facts: false
  tasks:
    - name: Change
      ansible.builtin.raw: "true"
      changed_when: true
END

status=0
NO_COLOR=1 molecule test >log 2>&1 || status=$?
recap=$(sed 's/\x1b\[[0-9;]*m//g' log | sed -n '/DETAILS/,$p' | grep -E 'idempotence|actions=' | tr -s ' ')

NO_COLOR=1 molecule --version | sed 's/\x1b\[[0-9;]*m//g' | sed -n 1p
echo "One would guess: the recap says that idempotence failed, failed=1."
echo "$recap"
echo "exit status $status"
if [[ $status == 1 && $recap == *idempotence*Successful* && $recap == *failed=0* ]]; then
    echo "So it is: a failed run with a recap of successes."
else
    echo "The behaviour has changed."
    tail -30 log
    exit 1
fi
