# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of an upgrade: through which releases of Kubernetes and etcd a cluster goes. Pure.

A stage is one minor version of Kubernetes, of etcd, or of both. It is done on all hosts before the next one begins.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import version_table
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.version_table import Version, minor_of, numbers_of, text_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._upgrade import rules


@dataclasses.dataclass(frozen=True)
class Stage:
    """The versions that all hosts have at its end. ``node``: of kubelets and kube-proxies, empty for that of Kubernetes. ``emulated``: the
    minor version that the control plane emulates, empty for none."""

    kubernetes: str
    etcd: str
    node: str = ""
    emulated: str = ""


@dataclasses.dataclass(frozen=True)
class Running:
    """The lowest and the highest version that runs; the same one where nothing has stopped in between."""

    lowest: Version
    highest: Version


def stages(kubernetes: Running, etcd: Running | None, wanted: Stage) -> list[Stage]:
    """At least one stage, the last of which is the wanted one.

    ``etcd`` is None where no member takes part. Raises PlanError if the collection knows no way.
    """
    wanted_etcd = numbers_of(wanted.etcd)
    ways = [numbers_of(text) for text in _kubernetes_steps(kubernetes, wanted.kubernetes)]
    members = [numbers_of(text) for text in _etcd_steps(etcd, wanted.etcd)] if etcd else []
    best = _shortest([kubernetes.highest, *ways], [etcd.highest if etcd else wanted_etcd, *members])
    if best is None:
        raise PlanError(
            f"Nothing was changed: no way is known from Kubernetes {text_of(kubernetes.lowest)} with etcd "
            f"{text_of(etcd.lowest if etcd else wanted_etcd)} to {wanted.kubernetes} with {wanted.etcd}. "
            "Write a version in between into the inventory"
        )
    return [Stage(text_of(release), text_of(store)) for release, store in best]


def _kubernetes_steps(running: Running, target: str) -> list[str]:
    """Each minor version once. In between it is the newest tested patch, or the one that runs if that is newer."""
    goal = numbers_of(target)
    steps = []
    for minor in range(running.lowest[1] + 1, goal[1]):
        name = f"{goal[0]}.{minor}"
        tested = [numbers_of(text) for text in version_table.TESTED if minor_of(text) == name]
        runs = [running.highest] if minor_of(running.highest) == name else []
        if not tested and not runs:
            raise PlanError(
                f"Nothing was changed: from Kubernetes {text_of(running.lowest)} to {target} the way is through {name}, of which this "
                f"version of the collection has tested no release. Write cluster_kubernetes_version with a release of {name}, and upgrade; "
                f"then go on to {target}"
            )
        steps.append(text_of(max([*tested, *runs])))
    return [*steps, target]


def _etcd_steps(running: Running, target: str) -> list[str]:
    """Each minor version once, by a release from which the next one may be started."""
    goal = numbers_of(target)
    steps = []
    for minor in range(running.lowest[1], goal[1]):
        stone = rules.ETCD_STEPPING_STONES.get((goal[0], minor))
        if minor == running.lowest[1] and (stone is None or running.lowest >= stone):
            continue
        known = [numbers_of(text) for text in _known_etcd() if numbers_of(text)[:2] == (goal[0], minor)]
        fit = [version for version in known if stone is None or version >= stone]
        if not fit and stone is None:
            raise PlanError(
                f"Nothing was changed: from etcd {text_of(running.lowest)} to {target} the way is through {goal[0]}.{minor}, of which "
                "this collection knows no release. Write cluster_etcd_version with one of it, and upgrade; then go on"
            )
        steps.append(text_of(max(fit, default=stone or ())))
    return [*steps, target]


def _known_etcd() -> list[str]:
    return sorted({minor.programs["etcd"].default for minor in version_table.MINORS.values()})


def _shortest(releases: list[Version], stores: list[Version]) -> list[tuple[Version, Version]] | None:
    """The fewest pairs that lead through both lists. Of equals, that in which etcd, and then Kubernetes, goes on as late as possible.

    The first entries are what runs. A pair is possible if that Kubernetes goes with that etcd.
    """

    def ways(release: int, store: int) -> c.Iterator[list[tuple[int, int]]]:
        if (release, store) == (len(releases) - 1, len(stores) - 1):
            yield []
        for step in ((1, 0), (1, 1), (0, 1)):
            place = (release + step[0], store + step[1])
            if place[0] < len(releases) and place[1] < len(stores) and _together(releases[place[0]], stores[place[1]]):
                yield from ([place, *rest] for rest in ways(*place))

    found = min(ways(0, 0), key=_cost, default=None)
    return None if found is None else [(releases[release], stores[store]) for release, store in found]


def _cost(way: list[tuple[int, int]]) -> tuple[int, int, int]:
    return len(way), sum(store for _release, store in way), sum(release for release, _store in way)


def _together(kubernetes: Version, etcd: Version) -> bool:
    minor = version_table.MINORS.get(minor_of(kubernetes))
    return minor is not None and minor.programs["etcd"].takes(etcd)
