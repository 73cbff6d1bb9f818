# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain to a pod that is ready: the scheduler, its node, then what the kubelet does for it, in that order. Pure."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain import node
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.chain import Cause, Explanation, State
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._explain.node import View, event_words

Object = c.Mapping[str, t.Any]
# A pattern of what is said, and what to do.
Pairs = c.Sequence[tuple[str, str]]

_DEFAULT_SCHEDULER = "default-scheduler"
_VOLUMES = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_SANDBOX = ("FailedCreatePodSandBox", "FailedPodSandBoxStatus", "NetworkNotReady")
_IMAGES = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable")
_SETTINGS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCannotRun")
# Reasons of a container that the kubelet has not begun with.
_NOT_BEGUN = ("", "ContainerCreating", "PodInitializing")
_SHOWN = 4

# What the scheduler and the kubelet say, with what to do; the first that fits. NAMESPACE, NAME, NODE and IMAGE are replaced.
_SCHEDULING = (
    (
        r"PersistentVolumeClaim|volume",
        "see what the claim waits for: `kubectl describe pvc -n NAMESPACE`; who makes volumes must be installed",
    ),
    (r"Insufficient", "make room, or ask for less: `kubectl describe nodes | grep -A 8 'Allocated resources'`"),
    (r"free ports", "its hostPort is taken on all nodes: `kubectl get pods --all-namespaces --output wide`"),
    (r"unschedulable", "`kubectl uncordon` a node, if nobody works on it: `kubectl get nodes` shows which are cordoned"),
    (r"taint", "give it a toleration, or mend the node that has the taint: `kubectl describe nodes | grep -A 3 Taints`"),
    (r"affinity|selector", "compare its nodeSelector and affinity with `kubectl get nodes --show-labels`"),
)
_PULLING = (
    (r"x509|certificate", "the node does not trust the registry: give its authority to the nodes, then wait for the next attempt"),
    (
        r"unauthorized|denied|authentication|no basic auth",
        "the registry wants a login: give the pod an imagePullSecret, or the nodes a login",
    ),
    (r"not found|manifest unknown|does not exist|invalid reference", "see the image's name and tag: the registry has no IMAGE"),
    (r"no such host|lookup|server misbehaving", "the node does not find the registry's name: see /etc/resolv.conf there"),
    (r"HTTP response to HTTPS", "the registry speaks http: list it in docker_insecure_registries, and run site.yml"),
    (
        r"refused|timeout|timed out|unreachable|deadline",
        "the node does not reach the registry: see proxies and firewalls; on NODE: `docker pull IMAGE`",
    ),
)
_MOUNTING = (
    (
        r'configmap "?[^ ]*"? not found|secret "?[^ ]*"? not found|object .* not registered',
        "make it: `kubectl get configmaps,secrets -n NAMESPACE`",
    ),
    (r"hostPath type check failed", "the path is not there on NODE, or is of another type: make it, or change the volume"),
)


def explain(view: View, pod: tuple[str, str], found: Object | None) -> Explanation:
    """Why a pod is not ready; ``found`` is None if no apiserver has told of it. ``view`` is that of the host of its node."""
    name = "/".join(pod)
    if found is None:
        api = view.api()
        # an apiserver that is ready may not have told of the pod in time
        reason = api.reason or ("" if api.causes else view.untold("subject"))
        known = (dataclasses.replace(api, reason=reason), view.controllers())
        return Explanation(f"pod {name}: no apiserver says how it is", False, known)
    about = f"pod {name} is ready"
    if found["phase"] == "Succeeded":
        about = f"pod {name} has ended well"
    elif found["fault"] or found["deleted"]:
        about = f"pod {name} is not ready: {found['fault'] or 'it is being deleted'}"
    if found["node"]:
        about += f" (on {found['node']})"
    well = not found["fault"] and not found["deleted"]
    told = _Told(pod[0], pod[1], found, view)
    states = [told.scheduled()]
    if found["node"] and not (well and found["phase"] == "Succeeded"):
        states += [*told.of_node(), *(told.started() if not found["deleted"] or found["fault"] else []), told.deleted()]
    elif found["deleted"]:
        states.append(told.deleted())
    return Explanation(about, well, tuple(states))


class _Told:
    """A pod, as the API tells of it."""

    def __init__(self, namespace: str, name: str, pod: Object, view: View) -> None:
        self._names = {"NAMESPACE": namespace, "NAME": name, "NODE": str(pod["node"])}
        self._pod, self._view = pod, view
        self._begun = any(_has_begun(one) for one in pod["containers"])

    def scheduled(self) -> State:
        """A pod without a node waits for the scheduler, or has none that it could have."""
        state = self._view.scheduler()
        if self._pod["node"]:
            return State(state.name, state.asks)
        if state.causes:
            return state
        if self._pod["scheduler"] not in ("", _DEFAULT_SCHEDULER):
            found = f"it wants the scheduler {self._pod['scheduler']}, which this collection does not run"
            return State(state.name, state.asks, (self._cause(found, "see whether that scheduler runs", self._events("FailedScheduling")),))
        said = [one["message"] for one in self._pod["conditions"] if one["type"] == "PodScheduled" and one["message"]]
        events = self._events("FailedScheduling")
        found = said[0] if said else "the scheduler has not looked at it yet"
        # each node may have its own reason
        remedies = [remedy for pattern, remedy in _SCHEDULING if re.search(pattern, found, re.IGNORECASE)] or [self._describe]
        return State(state.name, state.asks, (self._cause(found, "; ".join(remedies[:_SHOWN]), events),))

    def of_node(self) -> list[State]:
        if not self._view.host:
            reason = f"no host of the inventory is the node {self._pod['node']}"
            return [State("node", "is its node well?", reason=reason)]
        return [one for one in node.states(self._view) if not (self._pod["host_network"] and one.name == "CNI")]

    def started(self) -> list[State]:
        """What the kubelet does for a pod, in its order."""
        return [self._volumes(), self._network(), self._images(), self._settings(), self._runs(), self._answers()]

    def deleted(self) -> State:
        name, asks = "deletion", "does it stay?"
        if not self._pod["deleted"]:
            return State(name, asks)
        finalizers = self._pod["finalizers"]
        held = f", and held by {', '.join(finalizers)}" if finalizers else ""
        remedy = "see who removes its finalizers" if finalizers else "its kubelet ends it when its node is ready"
        return State(name, asks, (self._cause(f"it is being deleted since {self._pod['deleted']}{held}", remedy),))

    def _volumes(self) -> State:
        name, asks = "volumes", "are its volumes mounted?"
        events = () if self._begun else self._events(*_VOLUMES)
        claims = [f"the claim {one['name']} is {one['phase'] or 'not there'}" for one in self._pod["claims"] if one["phase"] != "Bound"]
        if not events and not claims:
            return State(name, asks)
        found = claims[0] if claims else self._newest(*_VOLUMES)
        pairs = _SCHEDULING[:1] if claims else _MOUNTING
        return State(name, asks, (self._cause(found, self._remedy(pairs, f"volume {found}" if claims else found, self._describe), events),))

    def _network(self) -> State:
        name, asks = "sandbox", "has it its network?"
        events = () if self._begun else self._events(*_SANDBOX)
        if not events:
            return State(name, asks)
        remedy = f"see flannel and its bridge on {self._pod['node']}: `journalctl -u kubelet -u cri-docker -u flanneld -n 50 --no-pager`"
        return State(name, asks, (self._cause(self._newest(*_SANDBOX), remedy, events),))

    def _images(self) -> State:
        return self._waiting("image", "are its images there?", _IMAGES, _PULLING, ("Failed", "ErrImageNeverPull", "InspectFailed"))

    def _settings(self) -> State:
        return self._waiting("settings", "can its containers be made?", _SETTINGS, _MOUNTING, ("Failed",))

    def _waiting(self, name: str, asks: str, reasons: tuple[str, ...], pairs: Pairs, events: tuple[str, ...]) -> State:
        causes = []
        for one in self._pod["containers"]:
            if one["waits"] and one["waits"]["reason"] in reasons:
                more = self._events(*events)
                said = " ".join([one["waits"]["message"], *more])
                remedy = self._remedy(pairs, said, self._describe).replace("IMAGE", one["image"])
                found = f"container {one['name']} waits: {one['waits']['reason']} {one['waits']['message']}".rstrip()
                causes.append(self._cause(f"{found} (image {one['image']})", remedy, more))
        return State(name, asks, tuple(causes[:_SHOWN]))

    def _runs(self) -> State:
        """Containers that end, and pods that were put out."""
        causes = []
        if self._pod["phase"] == "Failed" and self._pod["reason"]:
            causes.append(self._cause(f"the pod has failed: {self._pod['reason']} {self._pod['message']}".rstrip(), self._describe))
        for one in self._pod["containers"]:
            ended, waits = one["ended"], one["waits"]
            looping = waits is not None and waits["reason"] == "CrashLoopBackOff"
            if looping or (ended and ended["code"] and not one["running"]):
                how = f"{ended['code']} ({ended['reason']})" if ended else "an unknown status"
                again = f", started again {one['restarts']} times" if one["restarts"] else ""
                remedy = f"see what it says: `kubectl logs -n NAMESPACE NAME -c {one['name']} --previous`"
                if ended and ended["reason"] == "OOMKilled":
                    remedy = f"it used more memory than its limit: raise resources.limits.memory of {one['name']}"
                causes.append(self._cause(f"container {one['name']} ended with {how}{again}", remedy, self._events("BackOff")))
        return State("containers", "do its containers run?", tuple(causes[:_SHOWN]))

    def _answers(self) -> State:
        """Containers that run, and are not ready."""
        name, asks = "probes", "are its containers ready?"
        silent = [one["name"] for one in self._pod["containers"] if one["running"] and not one["ready"] and not one["prepares"]]
        gates = [one for one in self._pod["conditions"] if one["status"] != "True" and one["type"] not in _KNOWN_CONDITIONS]
        causes = []
        if silent:
            found = f"not ready: {', '.join(silent)}"
            remedy = f"see what it says: `kubectl logs -n NAMESPACE NAME -c {silent[0]}`"
            causes.append(self._cause(found, remedy, self._events("Unhealthy", "ProbeWarning")))
        causes += [self._cause(f"condition {one['type']} is {one['status']}: {one['message']}", self._describe) for one in gates]
        return State(name, asks, tuple(causes[:_SHOWN]))

    @property
    def _describe(self) -> str:
        return "see more: `kubectl describe pod -n NAMESPACE NAME`"

    def _events(self, *reasons: str) -> tuple[str, ...]:
        return tuple(event_words(one) for one in self._pod["events"] if one["type"] == "Warning" and one["reason"] in reasons)[:_SHOWN]

    def _newest(self, *reasons: str) -> str:
        """What the newest event with one of these reasons says."""
        return str(next(one["message"] for one in self._pod["events"] if one["type"] == "Warning" and one["reason"] in reasons))

    def _remedy(self, pairs: Pairs, said: str, otherwise: str) -> str:
        return next((remedy for pattern, remedy in pairs if re.search(pattern, said, re.IGNORECASE)), otherwise)

    def _cause(self, found: str, remedy: str, evidence: tuple[str, ...] = ()) -> Cause:
        remedy = re.sub(r"\b(NAMESPACE|NAME|NODE)\b", lambda match: self._names[match[0]], remedy)
        return Cause(found=found, remedy=remedy, evidence=evidence)


_KNOWN_CONDITIONS = ("Ready", "ContainersReady", "PodScheduled", "Initialized", "PodReadyToStartContainers", "DisruptionTarget")


def _has_begun(container: Object) -> bool:
    """Whether the kubelet has got as far as this container: its volumes are mounted, and its pod has a network."""
    if container["waits"] is not None:
        return container["waits"]["reason"] not in _NOT_BEGUN
    return bool(container["running"] or container["ended"])
