#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-playbook --start-at-task with a name that no task has prints an ERROR, runs nothing and exits with 0.
#
# Seen with ansible-core 2.21.5 and 2.19.14. The line "[ERROR]: No matching task ... found" is only printed. So it ends for
# an inventory file that does not exist as well (a warning, no host, 0), while a playbook that does not exist ends with 1.
# It matters to whoever resumes a long run from a script or a runbook, as after a failed upgrade: a task that was renamed
# since, or sits in an include, and the resumed run is green without a single task. Look for "ok=" in the recap.
# Source: none found that gives a status; the manual page lists the option without one.
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
    - name: Upgrade
      ansible.builtin.debug:
END

try() { # OPTIONS…: prints the exit status and what was said about it
    local status=0
    ansible-playbook "$@" >log 2>&1 || status=$?
    echo "status $status, task run: $(grep -c '^TASK .Upgrade' log || true), $(grep -oE '(ERROR|WARNING)\]: (No matching task|Unable to parse|the playbook)' log | sed -n 1p)"
}

ansible --version | sed -n 1p
echo "One would guess: what says ERROR and runs nothing exits with another status than 0."
right=$(try -i localhost, -c local play.yml --start-at-task Upgrade)
wrong=$(try -i localhost, -c local play.yml --start-at-task Upgrad)
inventory=$(try -i nosuch/hosts play.yml)
playbook=$(try -i localhost, -c local nosuch.yml)
printf '%-28s %s\n' 'existing task' "$right" 'misspelt task' "$wrong" 'misspelt inventory' "$inventory" 'misspelt playbook' "$playbook"
if [[ $right == 'status 0, task run: 1,'* && $wrong == 'status 0, task run: 0, ERROR]: No matching task' &&
    $inventory == 'status 0, task run: 0, '* && $playbook == 'status 1,'* ]]; then
    echo "So it is: both misspelt ones are a success."
else
    echo "The behaviour has changed."
    cat log
    exit 1
fi
