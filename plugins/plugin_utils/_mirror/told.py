# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells of a mirror, and what is wrong with one. Pure."""

from __future__ import annotations

import collections
import collections.abc as c

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import shown
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror import manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.directory import Found
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.manifest import File, Image, Manifest
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.plan import Plan
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.request import Registry, Request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._mirror.wanted import Wanted

_DONE = {"download": "downloaded", "copy": "copied", "verify": "verified", "write": "written", "remove": "removed"}


def differences(known: Manifest, found: c.Mapping[str, Found]) -> dict[str, str]:
    """The files that are not as the manifest has them: by path, the fault."""
    faults = {}
    for path, file in sorted(known.files.items()):
        there = found.get(path)
        if there is None:
            faults[path] = f"{path} is missing ({file.purpose})"
        elif not there.sha256:
            faults[path] = f"{path} is no file that can be read ({file.purpose})"
        elif there != Found(file.sha256, file.size):
            faults[path] = f"{path}: found sha256 {there.sha256}, wanted {file.sha256} ({file.purpose})"
    return faults


def lacking(plan: Plan, known: Manifest, differing: c.Container[str]) -> list[str]:
    """What the cluster needs, and the manifest does not have, or has with another digest than the cluster takes."""
    needed = [
        *((one.program.path, one.program.purpose, one.reason) for one in plan.fetches),
        *((one.file.path, one.file.purpose, one.reason) for one in plan.proofs if one.file.path not in known.files),
        *((one.image.path, one.image.purpose, one.reason) for one in plan.copies if one.image.path not in known.images),
        *((one.what.path, one.what.purpose, one.reason) for one in plan.checks),
    ]
    return [
        f"{path} is not in the mirror ({purpose})" if reason == "absent" else f"{path}: {reason} ({purpose})"
        for path, purpose, reason in needed
        if path not in differing
    ]


def of_collection(request: Request, plan: Plan, whole: Manifest, *, check_mode: bool) -> list[str]:
    """After the files have been collected, or in check mode, before that."""
    actions = [action.report() for action in plan.actions()]
    told = [f"{'would be ' if check_mode else ''}{_DONE[action['action']]}: {action['path']} ({action['reason']})" for action in actions]
    if not check_mode:
        size = sum(file.size for file in whole.files.values())
        told.append(f"{request.directory}: {len(whole.files)} files, with those of {len(whole.images)} images, {size / 1e6:.0f} MB")
        told.append(
            f"{manifest.NAME} has the sha256 {manifest.digest_of(whole)}. Where the directory goes to, this proves it whole: "
            f"-e mirror_verify=true -e mirror_manifest_sha256={manifest.digest_of(whole)}"
        )
    if plan.others:
        told.append(f"{len(plan.others)} files are of other versions or clusters, and stay. This removes them: -e mirror_prune=true")
    return told


def of_signatures(request: Request, needed: Wanted, whole: Manifest, *, check_mode: bool) -> list[str]:
    """Who has signed what the cluster needs. In check mode nothing is verified, so that only what has no signature is told."""
    if request.signatures is None:
        return []
    trust = request.signatures.trust
    proof = "" if trust.log else f". {trust.root} names no transparency log, so none was asked"
    entries: list[File | Image] = [*(whole.files[one.path] for one in needed.programs if one.path in whole.files)]
    entries += [whole.images[one.path] for one in needed.images if one.path in whole.images]
    counted = collections.Counter(entry.signer for entry in entries if entry.signer)
    told = [] if check_mode else [f"signed by {signer}: {number} of {len(entries)}{proof}" for signer, number in sorted(counted.items())]
    if needed.unsigned:
        told.append(f"not signed upstream, so that no signature was verified: {', '.join(needed.unsigned)}")
    return told


def of_damage(plan: Plan) -> list[str]:
    """Warnings of files that nobody asked for, and that are not as they were collected."""
    if not plan.damaged:
        return []
    return [
        f"files of other versions or clusters differ from the manifest or are missing: {', '.join(plan.damaged)}. Collect them again with "
        "the inventory that needs them, or remove them with mirror_prune"
    ]


def of_clear_text(names: c.Sequence[str]) -> list[str]:
    if not names:
        return []
    return [
        f"what proves {', '.join(names)} comes by http, in the same clear text as they do: whoever can change one on the way can change "
        "the other. Use https, or give the digests of programs in cluster_checksums"
    ]


def of_strangers(paths: c.Sequence[str]) -> list[str]:
    """Warnings of files that the manifest does not have."""
    if not paths:
        return []
    return [
        f"the manifest does not have these files, which a web server would serve with the others: {', '.join(shown.each(paths))}. Remove "
        "them if you do not know them"
    ]


def of_push(registry: Registry, pushed: c.Sequence[str], there: c.Sequence[str], *, check_mode: bool) -> list[str]:
    word = "would be pushed" if check_mode else "pushed"
    return [
        *(f"{word}: {registry.name}/{reference}" for reference in pushed),
        *(f"is there already: {registry.name}/{reference}" for reference in there),
        f"hosts pull from there with cluster_image_registry: {registry.name}",
    ]
