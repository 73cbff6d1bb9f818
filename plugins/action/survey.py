# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells with one call whether a host is as described. Documented in plugins/modules/survey.py."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.registered import registered
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._doctor import alike
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine import host_program, template_cache
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.first_looks import FirstLooks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import Host, HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import custody
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import api, components, etcd, preflight, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.part import Object, Part
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "observed", "judged"], "default": "observed"},
    "roles": {"type": "list", "elements": "str", "default": []},
    "api": {"type": "bool", "default": False},
    "begins": {"type": "bool", "default": False},
    "preflight_skip": {"type": "raw", "default": ""},
    "observation": {"type": "str", "default": "barehost_survey"},
}
# Of a cluster that is not there yet: what comes first on each host. It saves the role's own look.
_FIRST = ("host",)

_FACTS = "ansible.builtin.setup"

# Ansible imports action plugins in its main process, so all processes of tasks have it.
template_cache.install()
role_tasks.preload()


class SurveyHost(Host):
    """A host that is asked several things at once."""

    MODULE = "_survey.steps"


host_program.packed(SurveyHost.MODULE)


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and the survey."""

    _first: components.ComponentsPart | None = None

    def _converge(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(ARGUMENT_SPEC)
        preflight.skipped(arguments["preflight_skip"])
        if arguments["state"] == "checked":
            return {"changed": False}
        if arguments["state"] == "judged":
            return judged(registered(variables, variables["ansible_play_hosts_all"], arguments["observation"]))
        try:
            return self._survey(arguments, variables)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:
            # The tasks of the roles meet the same fault, each for its own component, and say so.
            return {**_result({"survey": error.message}, {}, other_versions=not arguments["begins"]), **self._fitness(arguments, variables)}
        except Exception as error:  # what nobody has thought of is no reason to lose the host either
            failed = {"survey": f"it failed: {type(error).__name__}"}
            return {**_result(failed, {}, other_versions=not arguments["begins"]), **self._fitness(arguments, variables)}

    def _survey(self, arguments: Object, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        looks = FirstLooks(directory_of_the_run(), host=self._host_name(variables))
        looks.forget()
        own, of_api = self._parts(arguments, variables)
        pending, api_pending = self._ask(own, of_api, variables)
        parts = [part for part in own if isinstance(part, components.ComponentsPart)]
        if arguments["begins"]:
            pending.setdefault("survey", "the cluster is not there yet")
        if pending:
            looks.save(one for part in parts for one in part.answers)
        other = any(part.other_versions for part in parts) and not arguments["begins"]
        unsigned = [one for part in parts for one in part.unsigned]
        result = {**_result(pending, api_pending, api_asked=bool(of_api), other_versions=other), "unsigned": unsigned}
        fitness = self._fitness(arguments, variables)
        # What is pending has a task, which gives the warnings of its own.
        settled = [*([] if pending else own), *([] if pending or api_pending else of_api)]
        warnings = list(dict.fromkeys(text for part in settled for text in part.warnings))
        return {**result, **fitness, **({"warnings": warnings} if warnings else {})}

    def _fitness(self, arguments: Object, variables: dict[str, t.Any]) -> Object:
        """Why a new host is refused, and what its operator should know, as far as it has answered: no plan is needed for that."""
        if self._first is None:
            return {"unfit": [], "doubts": []}
        cluster, host = cluster_of(self._templar, variables), self._host_name(variables)
        told = self._first.told_before_the_first_change
        verdict = preflight.judged(cluster, host, told, skip=preflight.skipped(arguments["preflight_skip"]))
        return {"unfit": verdict.refusals, "doubts": verdict.warnings}

    def _host_name(self, variables: dict[str, t.Any]) -> str:
        return Host(self, variables).name

    def _parts(self, arguments: Object, variables: dict[str, t.Any]) -> tuple[list[Part], list[Part]]:
        site = Site(
            host=self._host_name(variables),
            templar=self._templar,
            loader=self._loader,
            variables=variables,
            check_mode=bool(self._task.check_mode),
            of_task=self._task.vars,
        )
        roles = [str(name) for name in arguments["roles"]]
        begins = bool(arguments["begins"])
        site = site if begins else self._with_facts(roles, site)
        data = site.templar.template(variables.get("etcd_data_directory") or "")
        first = self._first = components.part_of(roles, site, only=_FIRST if begins else None)
        first.preflight = preflight.asked_of(site.cluster, site.host, etcd_data=str(data))
        own = [first, *([] if begins else etcd.parts_of(site))]
        return own, api.parts_of(site) if arguments["api"] and not begins else []

    def _with_facts(self, roles: list[str], site: Site) -> Site:
        """The host with the facts that roles gather for their descriptions, in a call of its own for each."""
        tasks = [task for role in roles for task in role_tasks.tasks_of(role, _FACTS)]
        if not tasks:
            return site
        templates = role_tasks.seen_by(roles, site).templates
        gathered = {
            task.register: self._execute_module(module_name=_FACTS, module_args=dict(task.options), task_vars=site.variables)
            for task in tasks
            if task.wanted(templates)
        }
        return site.with_variables({**site.variables, **gathered})

    def _ask(self, own: list[Part], of_api: list[Part], variables: dict[str, t.Any]) -> tuple[dict[str, str], dict[str, str]]:
        parts = [*own, *of_api]
        if len(parts) == 1:
            answers = [{"result": Host(self, variables).step("collect", parts[0].request())}]
        else:
            calls = [{"module": part.module, "payload": part.request()} for part in parts]
            answers = SurveyHost(self, variables).step("collect", {"calls": calls})["answers"]
        found = [_pending(part, answer) for part, answer in zip(parts, answers, strict=True)]
        return _merged(found[: len(own)]), _merged(found[len(own) :])


def judged(surveys: dict[str, Object]) -> Object:
    """What the surveys of all hosts say before the first change: warnings, or the error that ends the run."""
    unfit = preflight.refusal({host: found.get("unfit") or [] for host, found in surveys.items()})
    unsigned = custody.message({host: found.get("unsigned") or [] for host, found in surveys.items()})
    warnings = alike.lines({host: found.get("doubts") or [] for host, found in surveys.items()})
    told = {"warnings": warnings} if warnings else {}
    if unfit or unsigned:
        return {"changed": False, "failed": True, "msg": "\n".join(text for text in (unfit, unsigned) if text), **told}
    return {"changed": False, **told}


def _pending(part: Part, answer: Object) -> dict[str, str]:
    return {part.module: str(answer["failed"])} if "failed" in answer else part.pending(answer["result"])


def _merged(found: list[dict[str, str]]) -> dict[str, str]:
    return {name: reason for one in found for name, reason in one.items()}


def _result(pending: dict[str, str], api_pending: dict[str, str], *, api_asked: bool = False, other_versions: bool) -> dict[str, t.Any]:
    return {
        "changed": False,
        "settled": not pending,
        "api_settled": api_asked and not api_pending,
        "other_versions": other_versions,
        "pending": {**pending, **api_pending},
    }
