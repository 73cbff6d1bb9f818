# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is different in a job of AWX or Automation Controller, which say so by variables on the command line. Pure.

A job has a container of its own, and the folder of its inventory is lost with it. A job that is a *slice* (``job_slice_count`` of the
template) has an inventory of which the hosts of other slices were taken out. Such a run would take them for hosts that have left: it
would remove their members of etcd, and close the firewalls to them. AWX gives a slice no variable that says so. But it starts slices by a
workflow that it makes of the template and names like it (``JobTemplate.create_unified_job`` in awx/main/models/jobs.py, 24.6.1).
"""

from __future__ import annotations

import posixpath
import typing as t

# The same variables under each of these names.
_PREFIXES = ("awx", "tower")
_USED = ("job_id", "job_template_name", "workflow_job_id", "workflow_job_name")
VARIABLES = tuple(f"{prefix}_{name}" for prefix in _PREFIXES for name in _USED)


def is_job(variables: t.Mapping[str, t.Any]) -> bool:
    return _value(variables, "job_id") is not None


def slice_fault(variables: t.Mapping[str, t.Any]) -> str:
    """What is wrong if the run is a slice; else nothing."""
    workflow, template = _value(variables, "workflow_job_name"), _value(variables, "job_template_name")
    if not is_job(variables) or _value(variables, "workflow_job_id") is None or not template or workflow != template:
        return ""
    return (
        f"is started by a workflow with the name of its template, {template!r}, as the slices of a template are. The inventory of a slice "
        "lacks the hosts of the others, so this run would remove their members of etcd, and close the firewalls to them"
    )


def is_lost(directory: str, *, inventory_directory: str | None) -> bool:
    """Whether what is in a directory, absolute or relative to the inventory's folder, goes with the job's container."""
    if inventory_directory is None:
        return not posixpath.isabs(directory)
    inside = posixpath.normpath(inventory_directory)
    return posixpath.commonpath([inside, posixpath.normpath(posixpath.join(inside, directory))]) == inside


def _value(variables: t.Mapping[str, t.Any], name: str) -> t.Any:
    return next((found for prefix in _PREFIXES if (found := variables.get(f"{prefix}_{name}")) is not None), None)
