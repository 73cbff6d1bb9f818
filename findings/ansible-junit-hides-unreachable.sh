#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ansible's junit callback leaves an unreachable host out of the report, and reports a rescued task as an error.
#
# Seen with ansible-core 2.21.5 and 2.19.14. A play in which one of two hosts cannot be reached ends with status 4, but the
# JUnit file has no test case of that host at all: no error, no failure, one test less. Another play, in which a block's
# rescue section handles a failed task, ends with 0 and its file holds one error.
# It matters to whoever lets a CI server judge a run by the file, which is what the callback is for: a dead host looks green,
# a handled failure red. Judge by the exit status.
# Source: ansible-doc -t callback junit speaks of failed tasks, errors and ignored failures; of unreachable hosts not a word.
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

cat >unreachable.yml <<'END'
- hosts: all
  gather_facts: false
  tasks:
    - name: Reach
      ansible.builtin.raw: "true"
END
cat >rescued.yml <<'END'
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - name: Try
          ansible.builtin.command: "false"
      rescue:
        - name: Handle
          ansible.builtin.debug:
END
cat >hosts <<'END'
good ansible_connection=local
gone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1
END
export ANSIBLE_CALLBACKS_ENABLED=ansible.builtin.junit

report() { # PLAYBOOK LIMIT: prints the exit status and the counts
    local status=0
    JUNIT_OUTPUT_DIR=$work/$1 ansible-playbook -i hosts --limit "$2" "$1.yml" >log 2>&1 || status=$?
    echo "exit status $status, report: $(grep -ho '<testsuites [^>]*' "$work/$1"/*.xml | grep -oE '(errors|failures|tests)="[0-9]+"' | tr '\n' ' ')"
}

ansible --version | sed -n 1p
echo "One would guess: the host that cannot be reached is an error or a failure, the rescued task is none."
unreachable=$(report unreachable all)
rescued=$(report rescued good)
printf '%-16s %s\n' unreachable "$unreachable" rescued "$rescued"
if [[ $unreachable == *'status 4'*'errors="0" failures="0" tests="1" ' && $rescued == *'status 0'*'errors="1" failures="0" tests="2" ' ]]; then
    echo "So it is: the failed run reports no error, the successful one reports one."
else
    echo "The behaviour has changed."
    cat log
    exit 1
fi
