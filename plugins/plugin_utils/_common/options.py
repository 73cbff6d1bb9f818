# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as a task has them, where no task is run."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError


def validated(options: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options with their defaults and in their types. Raises ComponentError with every fault found."""
    result = ArgumentSpecValidator(spec).validate(dict(options))
    if result.error_messages:
        raise ComponentError("; ".join(result.error_messages))
    return t.cast(dict[str, t.Any], result.validated_parameters)


def defaults(spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """The options of a task that is given none."""
    return {name: option.get("default") for name, option in spec.items()}
