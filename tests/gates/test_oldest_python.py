# SPDX-License-Identifier: GPL-3.0-or-later
"""Host-side code on the oldest Python of a host. (compile and import on 3.9 are ansible-test's: test_ansible.py)"""

from __future__ import annotations

import re
import sys

import pytest

from .command import run


@pytest.mark.slow
def test_host_side_code_on_python_3_9() -> None:
    output = run(sys.executable, "tools/host_python_tests.py", "--quiet")
    assert re.search(r"^\d+ passed in ", output, flags=re.MULTILINE), output
