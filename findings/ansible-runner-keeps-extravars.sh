#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible_runner.run(extravars=…) leaves the variables behind, and every later run in that directory takes them again.
#
# Seen with ansible-runner 2.4.3 (ansible-core 2.21.5 and 2.19.14). The argument is written to env/extravars below
# private_data_dir and stays there. A later call without the argument passes it to ansible-playbook as --extra-vars, above
# all other variables, without a word. The inventory argument stays in the same way.
# It matters to whoever runs many playbooks from one directory, as a service does: a run with an override ("remove this
# node", a version) changes all that follow, also in another process. Use a new directory for each run.
# Source: the documentation of run() says that such variables are also read from env/extravars, not that the argument is
# kept there.
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
venv/bin/pip install --quiet 'ansible-core==2.21.5; python_version >= "3.12"' 'ansible-core==2.19.14; python_version < "3.12"' ansible-runner==2.4.3
export HOME=$work PATH=$work/venv/bin:$PATH ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=0
export ANSIBLE_INVENTORY_UNPARSED_WARNING=0 ANSIBLE_PYTHON_INTERPRETER=$work/venv/bin/python

mkdir -p data/project
cat >data/project/play.yml <<'END'
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ target | default('nothing') }}"
END
cat >run.py <<'END'
import sys
import ansible_runner

arguments = {"extravars": {"target": sys.argv[1]}} if sys.argv[1:] else {}
run = ansible_runner.run(private_data_dir="data", playbook="play.yml", quiet=True, **arguments)
print(run.status, [event["event_data"]["res"]["msg"] for event in run.events if event["event"] == "runner_on_ok"])
END

echo "ansible-runner 2.4.3, $(ansible --version | sed -n 1p)"
echo "One would guess: the second process, which gives no variables, runs without."
first=$(python run.py node1)
second=$(python run.py)
kept=$(cat data/env/extravars)
printf '%-36s %s\n' 'run(extravars={"target": "node1"})' "$first" 'run() in another process' "$second" data/env/extravars "$kept"
if [[ $first == "successful ['node1']" && $second == "$first" && $kept == *node1* ]]; then
    echo "So it is: the second run has the first one's target."
else
    echo "The behaviour has changed."
    exit 1
fi
