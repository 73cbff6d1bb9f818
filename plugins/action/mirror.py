# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what a cluster is installed from, compares it, and pushes its images. Documented in plugins/modules/mirror.py."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.checksum_record import Record
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.cluster import cluster_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.plain_data import plain
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.run_directory import directory_of_the_run
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._engine.transport import HostAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import directory, manifest, told, wanted
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import NOTHING, Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Plan, plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import (
    COLLECT,
    OPTIONS,
    VERIFY,
    Request,
    request,
)
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror_transfer import images, programs, signatures
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._plan.action import PlannedAction
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey import packages, role_tasks
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._survey.site import Site

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "state": {"type": "str", "choices": ["checked", "done"], "default": "done"},
    **{name: {"type": "raw", "no_log": False} for name in OPTIONS},
}

Variables = dict[str, t.Any]
Object = dict[str, t.Any]

# What is the same for all hosts of a run.
_OF_THE_RUN = ("hostvars", "groups", "cluster", "environment", "vars")

# Ansible imports action plugins in its main process, so all processes of tasks have it.
role_tasks.preload()


class ActionModule(HostAction):
    """The front end: the only place that knows both Ansible and mirrors. It asks no host."""

    def _converge(self, variables: Variables) -> Object:
        arguments = self._arguments(ARGUMENT_SPEC)
        inventory = str(variables.get("inventory_dir") or "")
        asked = request({name: arguments[name] for name in OPTIONS}, variables=variables, inventory=inventory)
        if arguments["state"] == "checked":
            if asked.step != VERIFY:
                images.require_program()
            if asked.step == COLLECT and asked.signatures:
                signatures.require_cosign()
            return {"changed": False}
        cluster = plain(cluster_of(self._templar, variables))
        try:
            if asked.step == COLLECT:
                return self._collect(asked, cluster, variables)
            return self._verify(asked, cluster) if asked.step == VERIFY else self._push(asked, cluster)
        except OSError as error:
            raise ComponentError(f"{error.filename or asked.directory}: {error.strerror}. Mend it, and run again") from None

    def _collect(self, asked: Request, cluster: Object, variables: Variables) -> Object:
        names, faults = packages.of_hosts(self._sites(cluster, variables))
        needed = wanted.wanted(cluster, asked)
        warnings = [*told.of_clear_text(needed.clear_text), *faults]
        if self._task.check_mode:
            found = _planned(asked, cluster, needed, names)
            return {**self._collected(asked, needed, found, found.known), "warnings": [*warnings, *told.of_damage(found)]}
        with directory.alone(asked.directory):
            found = _planned(asked, cluster, needed, names)
            whole, more = _bring(asked, cluster, found)
        return {
            **self._collected(asked, needed, found, whole),
            "manifest_sha256": manifest.digest_of(whole),
            "warnings": [*warnings, *more, *told.of_damage(found)],
        }

    def _collected(self, asked: Request, needed: wanted.Wanted, found: Plan, whole: Manifest) -> Object:
        check_mode = bool(self._task.check_mode)
        lines = told.of_collection(asked, found, whole, check_mode=check_mode)
        lines += told.of_signatures(asked, needed, whole, check_mode=check_mode)
        return {**self._result(found.actions()), "lines": lines}

    def _sites(self, cluster: Object, variables: Variables) -> list[Site]:
        """The hosts of the cluster, with the variables of each."""
        run = {name: value for name, value in variables.items() if name.startswith(("ansible_play", "ansible_run")) or name in _OF_THE_RUN}
        own = variables["hostvars"]
        bare = Site("", self._templar, self._loader, {}, check_mode=True)
        known = {host: {**own.raw_get(host), **run, "cluster": cluster} for host in cluster["nodes"]}
        return [Site(host, bare.with_variables(found).templar, self._loader, found, check_mode=True) for host, found in known.items()]

    def _verify(self, asked: Request, cluster: Object) -> Object:
        known = _known(asked)
        needed = wanted.wanted(cluster, asked)
        found = directory.look(asked.directory, known.files)
        lacks = plan(needed, (), manifest=known, found=found, listed="", recorded={}, prune=False)
        differing = told.differences(known, found)
        faults = [*differing.values(), *told.lacking(lacks, known, differing)]
        warnings = told.of_strangers(directory.strangers(asked.directory, known))
        if faults:
            raise ComponentError(
                f"{asked.directory} must not be used: {len(differing)} of {len(known.files)} files differ from {manifest.NAME}, "
                f"{len(faults) - len(differing)} faults more:\n" + "\n".join(faults)
            )
        lines = [f"{asked.directory}: all {len(known.files)} files are as {manifest.NAME} has them, and the cluster needs no other"]
        return {"changed": False, "lines": lines, "manifest_sha256": manifest.digest_of(known), "warnings": warnings}

    def _push(self, asked: Request, cluster: Object) -> Object:
        registry = asked.images
        known = _known(asked)
        needed = {image.path: image for image in wanted.wanted(cluster, asked).images}
        missing = [image.reference for path, image in needed.items() if path not in known.images]
        if missing:
            raise ComponentError(
                f"Nothing was pushed: {asked.directory} does not have {', '.join(missing)}. Collect it where the internet is"
            )
        chosen = {path: known.images[path] for path in needed}
        unsigned = [image.reference for path, image in needed.items() if image.signer and chosen[path].signer != image.signer]
        if unsigned:
            raise ComponentError(
                f"Nothing was pushed: {asked.directory / manifest.NAME} does not say that signatures of {', '.join(unsigned)} are "
                "verified. Collect with mirror_verify_signatures where the internet is, or push without it"
            )
        files = {path: file for path, file in known.files.items() if path.startswith(tuple(f"{image}/" for image in chosen))}
        faults = told.differences(Manifest(files, chosen), directory.look(asked.directory, files))
        if faults:
            raise ComponentError("Nothing was pushed: files differ from the manifest:\n" + "\n".join(faults.values()))
        check_mode = bool(self._task.check_mode)
        with images.tool(tls=registry.tls, authfile=asked.authfile, authorities=cluster["downloads"]["ca_bundle"]) as by:
            pushed, there = images.push(asked.directory, chosen, registry.name, by, check_mode=check_mode)
        actions = [PlannedAction("image", "push", f"{registry.name}/{one}", "the registry has another one or none") for one in pushed]
        return {**self._result(actions), "lines": told.of_push(registry, pushed, there, check_mode=check_mode)}


def _known(asked: Request) -> Manifest:
    """The manifest that is there. Raises ComponentError if there is none, or another than was told."""
    known = directory.read_manifest(asked.directory)
    if known is None:
        raise ComponentError(f"{asked.directory} has no {manifest.NAME}: it was not collected to its end. Collect it where the internet is")
    found = manifest.digest_of(known)
    if asked.manifest_sha256 and found != asked.manifest_sha256:
        raise ComponentError(
            f"{asked.directory / manifest.NAME}: found sha256 {found}, wanted {asked.manifest_sha256}. It is not the manifest of the run "
            "that has told this digest: copy the directory again"
        )
    return known


def _planned(asked: Request, cluster: Object, needed: wanted.Wanted, names: list[str]) -> Plan:
    known = directory.read_manifest(asked.directory)
    own = [*(one.path for one in needed.programs), *(one.path for one in needed.checksum_files), wanted.PACKAGES]
    found = directory.look(asked.directory, {*(known or NOTHING).files, *own})
    listed = (asked.directory / wanted.PACKAGES).read_text(encoding="utf-8") if wanted.PACKAGES in found else ""
    recorded = Record(pathlib.Path(cluster["checksums"]["file"])).read()
    return plan(needed, names, manifest=known, found=found, listed=listed, recorded=recorded, prune=asked.prune)


def _bring(asked: Request, cluster: Object, found: Plan) -> tuple[Manifest, list[str]]:
    """Carries the plan out, and writes the manifest last. Raises ComponentError with all that has failed."""
    authorities = cluster["downloads"]["ca_bundle"]
    copied: Manifest = NOTHING
    with signatures.verifier(asked, authorities=authorities) as signed:
        files, warnings = programs.fetch(asked.directory, found.fetches, cluster, run=directory_of_the_run(), signed=signed)
        known = {**found.known.files, **files}
        files.update(programs.prove(asked.directory, found.proofs, {path: file.sha256 for path, file in known.items()}))
        if found.copies:
            with images.tool(tls=asked.images.tls, authfile=asked.authfile, authorities=authorities) as by:
                copied = Manifest(*images.copy(asked.directory, found.copies, by, signed=signed))
        checked = signatures.check(asked.directory, found.checks, signed, found.known) if signed else NOTHING
    if found.packages_reason:
        directory.write(asked.directory / wanted.PACKAGES, found.packages)
    directory.remove(asked.directory, found.removed)
    whole = Manifest(
        {**found.known.files, **files, **copied.files, **checked.files}, {**found.known.images, **copied.images, **checked.images}
    )
    if found.actions():
        directory.write(asked.directory / manifest.NAME, manifest.text(whole))
    programs.tidy(asked.directory)
    return whole, warnings
