# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says why a node or a pod is not ready. Documented in plugins/modules/explain.py."""

from __future__ import annotations

import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import of_loop, registered, why_silent
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import asked, judging, registry
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.facts import Facts
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor.request import CERTIFICATES
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import template_cache
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import chain, links, node, pod, request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.request import OPTIONS, Subject
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import order_of_roles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.component_table import ETCD
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.flannel_backend import interface
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import examined, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "located", "told"], "default": "told"},
    "observations": {"type": "list", "elements": "str", "default": ["barehost_explain", "barehost_explain_node"]},
    **{name: {"type": "raw"} for name in OPTIONS},
}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]

# Ansible imports action plugins in its main process, so all processes of tasks have it.
template_cache.install()
role_tasks.preload()
registry.checks()


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the chain."""

    def _converge(self, variables: Variables) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        cluster = plain(cluster_of(self._templar, variables))
        subject = request.subject({name: arguments[name] for name in OPTIONS}, cluster, variables=variables)
        if arguments["state"] == "checked":
            return {"changed": False, "hosts": _concerned(cluster, subject)}
        if arguments["state"] == "observed":
            try:
                return self._observe(variables, cluster, subject)
            except AnsibleConnectionFailure:
                raise
            except AnsibleError as error:
                # a link that is not known, not the end of the chain
                return {"changed": False, "failed": True, "msg": error.message}
        facts = _facts(variables, cluster, arguments["observations"])
        if arguments["state"] == "located":
            return {"changed": False, "host": _located(facts, subject)}
        return _told(facts, subject)

    def _observe(self, variables: Variables, cluster: Object, subject: Subject) -> Object:
        host = examined.ExaminedHost(self, variables)
        known = self._variables_of(host.name, variables)
        site = Site(host.name, self._templar, self._loader, variables, check_mode=True).with_variables(known)
        data = site.templar.template(known.get("etcd_data_directory") or ETCD.data_directory)
        backend = site.templar.template(known.get("flannel_backend") or {})
        name = str(cluster["nodes"][subject.host]["name"]) if subject.host else ""
        about = asked.Subject(name, subject.pod, tuple(links.journals()))
        look = examined.Look(order_of_roles.of_host(cluster, host.name), _groups(), str(data), interface(backend), about)
        return examined.observe(host, site, cluster, look)

    def _variables_of(self, host: str, variables: Variables) -> Variables:
        """The variables of the host that is asked: it may be another one than that of the task."""
        if host == variables.get("inventory_hostname"):
            return variables
        own = dict(variables["hostvars"].raw_get(host))
        run = {name: value for name, value in variables.items() if name.startswith(("ansible_play", "ansible_run")) or name in _OF_THE_RUN}
        return {**own, **run}


# What is the same for all hosts of a run.
_OF_THE_RUN = ("hostvars", "groups", "cluster", "environment", "vars")


def _checks() -> list[str]:
    return [name for name in registry.checks() if name in links.ids() or name in links.SUSPECTS.ids]


def _groups() -> set[str]:
    """The groups of facts that the chain needs."""
    chosen = [registry.checks()[name] for name in _checks()]
    return {CERTIFICATES, *(group for check in chosen for group in check.needs)}


def _concerned(cluster: Object, subject: Subject) -> list[str]:
    """The hosts that are asked first: those of the control plane, and the node's."""
    concerned = {subject.host, *cluster["masters"], *cluster["etcd_hosts"], *cluster["balancers"]}
    return [host for host in cluster["nodes"] if host in concerned]


def _facts(variables: Variables, cluster: Object, names: list[str]) -> Facts:
    """What hosts have told in these variables: each its own, or in a loop over hosts."""
    asked_hosts = [str(host) for host in variables["ansible_play_hosts_all"]]
    answers: dict[str, Object] = {}
    for name in names:
        looped = {str(one["item"]): one for one in of_loop(variables, name) if "item" in one}
        own = {host: answer for host, answer in registered(variables, asked_hosts, name).items() if not answer.get("skipped")}
        answers.update({host: answer for host, answer in {**own, **looped}.items() if "facts" in answer or "msg" in answer})
    hosts = {host: answer for host, answer in answers.items() if host in cluster["nodes"]}
    looked_at = {host: answer for host, answer in hosts.items() if "facts" in answer}
    return Facts(
        cluster=cluster,
        hosts={host: examined.host_facts(host, answer) for host, answer in looked_at.items()},
        now=time.time(),
        silent={host: why_silent(answer) for host, answer in hosts.items() if host not in looked_at},
        left_out=tuple(host for host in cluster["nodes"] if host not in hosts),
        controller={"entries": [], "notes": [], "backup": 0.0},
    )


def _view(facts: Facts, host: str) -> node.View:
    verdict = judging.judge((registry.checks()[name] for name in _checks()), facts)
    return node.View(host, facts, verdict.findings)


def _located(facts: Facts, subject: Subject) -> str:
    """The host of a pod's node that is not asked yet; empty where there is none. Raises ComponentError if the pod is not there."""
    if subject.pod is None:
        return ""
    view = _view(facts, "")
    if view.plane is None:
        return ""
    told = view.told()
    if told["pod"] is None:
        name = "/".join(subject.pod)
        raise ComponentError(f"explain_pod is {name!r}, and the API has no such pod{request.meant(name, told['near'])}")
    host = facts.host_of(told["pod"]["node"])
    return host if host in facts.left_out else ""


def _told(facts: Facts, subject: Subject) -> Object:
    if subject.pod is None:
        found = node.explain(_view(facts, subject.host))
    else:
        told = _view(facts, "").told()["pod"]
        host = facts.host_of(told["node"]) if told and told["node"] else ""
        found = pod.explain(_view(facts, host if host in facts.cluster["nodes"] else ""), subject.pod, told)
    first = found.first
    return {
        "changed": False,
        "lines": chain.lines(found),
        "summary": chain.summary(found),
        "failing": found.failing,
        "link": first.name if first is not None else "",
        "links": [{"name": one.name, "state": one.state, "asks": one.asks} for one in found.states],
    }
