#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-playbook --start-at-task gathers facts in plays that say gather_facts: false.
#
# Seen with ansible-core 2.21.5 and 2.19.14. The same play runs one task without the option; started at that very task it
# runs three: "Gathering Facts" and "Validating arguments against arg spec None" come first, on every host.
# It matters to whoever resumes a play that prepares bare hosts: it says gather_facts: false because the host has no Python
# yet, or none that Ansible can use, and the resumed run fails there though the run from the start does not.
# Source: the manual says that gather_facts: false turns the step off, without an exception.
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
  tasks:
    - name: Prepare
      ansible.builtin.raw: echo prepared
END
# a host without Python: the interpreter does not exist
export ANSIBLE_PYTHON_INTERPRETER=/nonexistent/python

try() { # OPTIONS…: prints the exit status and the tasks
    local status=0
    ansible-playbook -i localhost, -c local play.yml "$@" >log 2>&1 || status=$?
    echo "status $status, tasks: $(grep '^TASK' log | sed 's/^TASK //; s/ \*.*//' | tr '\n' ' ')"
}

ansible --version | sed -n 1p
echo "One would guess: with gather_facts: false both run the task Prepare, and nothing else."
whole=$(try)
resumed=$(try --start-at-task Prepare)
printf '%-26s %s\n' 'from the start' "$whole" '--start-at-task Prepare' "$resumed"
if [[ $whole == 'status 0, tasks: [Prepare] ' && $resumed == 'status 2, tasks: [Gathering Facts] ' ]]; then
    echo "So it is: resumed, it fails in a step that the play has turned off."
else
    echo "The behaviour has changed."
    cat log
    exit 1
fi
