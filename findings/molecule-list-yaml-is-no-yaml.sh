#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `molecule list --format yaml` may begin with a warning of Python, on standard output, so that it is no YAML.
#
# Seen with molecule 26.10.0 and ansible-compat 26.10.0 (ansible-core 2.21.5 and 2.19.14). ansible-compat asks `ansible-config dump`
# and takes each value for Python (ast.literal_eval). A path such as /…/1else, in which a number is followed by the beginning of a
# keyword, makes Python warn; molecule sends warnings to standard output. One of the values is Ansible's temporary directory,
# whose name ends with a process number, and random letters. So about one run in some hundred has the warning, whatever is set.
# It matters to whoever reads the list by program: a job fails now and then. PYTHONWARNINGS=ignore::SyntaxWarning helps.
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
venv/bin/pip install --quiet 'ansible-core==2.21.5; python_version >= "3.12"' 'ansible-core==2.19.14; python_version < "3.12"' \
    molecule==26.10.0 ansible-compat==26.10.0
export HOME=$work PATH=$work/venv/bin:$PATH NO_COLOR=1

mkdir -p molecule/default logs
cat >molecule/default/molecule.yml <<'END'
platforms: [{name: localhost}]
END
is_yaml() { venv/bin/python -c 'import sys, yaml; sys.exit(0 if isinstance(yaml.safe_load(sys.stdin), list) else 1)' 2>/dev/null; }

ANSIBLE_LOG_PATH=$work/logs/1st.log molecule list --format yaml >plain 2>plain.errors
ANSIBLE_LOG_PATH=$work/logs/1else.log molecule list --format yaml >warned 2>warned.errors
ANSIBLE_LOG_PATH=$work/logs/1else.log PYTHONWARNINGS=ignore::SyntaxWarning molecule list --format yaml >quiet 2>quiet.errors

molecule --version | sed -n 1p
echo "One would guess: standard output is YAML, warnings are on standard error."
echo "with the log 1st.log, standard output begins with:   $(sed -n 1p plain)"
echo "with the log 1else.log, standard output begins with: $(sed -n 1p warned)"
if is_yaml <plain && ! is_yaml <warned && grep -q '^<unknown>:1: SyntaxWarning' warned && is_yaml <quiet; then
    echo "So it is: a warning on standard output, before the YAML."
else
    echo "The behaviour has changed."
    tail -5 plain warned quiet ./*.errors
    exit 1
fi
