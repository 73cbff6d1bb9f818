# SPDX-License-Identifier: GPL-3.0-or-later
"""People with kubeconfigs of their own, and the keys of authorities kept elsewhere."""

from __future__ import annotations

import collections.abc
import contextlib
import json
import pathlib
import re

from .driver import Cluster, PlaybookRun

PLAYBOOK = "playbooks/kubeconfig.yml"
_SIGNING = "/etc/kubernetes/signing"
_ARGUMENTS = {
    f"cluster-signing-kube-apiserver-client-{part}-file": f"{_SIGNING}/ca.{end}" for part, end in (("cert", "crt"), ("key", "key"))
}
# For a run of site.yml in which the API can sign.
API_SIGNS = ("-e", json.dumps({"master_controller_manager_arguments": _ARGUMENTS}))


def issue(cluster: Cluster, path: pathlib.Path, user: str, *arguments: str, check: bool = True) -> PlaybookRun:
    """A kubeconfig for the user, at the path."""
    return cluster.playbook(PLAYBOOK, "-e", f"kubeconfig_user={user}", "-e", f"kubeconfig_file={path}", *arguments, check=check)


def may(cluster: Cluster, path: pathlib.Path, *words: str) -> bool:
    """Whether the user of a kubeconfig may do this."""
    return cluster.kubectl(f"--kubeconfig={path}", "auth", "can-i", *words, check=False).strip() == "yes"


def named(cluster: Cluster, path: pathlib.Path) -> tuple[str, set[str]]:
    """As whom the API knows the user of a kubeconfig."""
    user = cluster.kubectl_json(f"--kubeconfig={path}", "auth", "whoami")["status"]["userInfo"]
    return user["username"], set(user["groups"])


def told_to_type(run: PlaybookRun) -> list[list[str]]:
    """The arguments of the commands of kubectl that a run shows."""
    return [line.split() for line in re.findall(r"^\s+kubectl (create rolebinding .*)$", run.output, re.MULTILINE)]


def let_the_api_sign(cluster: Cluster, host: str) -> None:
    """Puts the authority where docs/tasks/give-access.md says."""
    cluster.on(host, f"install -d -m 0700 -o kube -g kube {_SIGNING}")
    for end in ("crt", "key"):
        text = (cluster.inventory / "pki" / f"kubernetes-ca.{end}").read_text(encoding="utf-8")
        path = f"{_SIGNING}/ca.{end}"
        cluster.lab("exec", host, "sh", "-c", f"umask 077; cat > {path} && chown kube:kube {path}", input=text)
    cluster.playbook("playbooks/site.yml", *API_SIGNS)


def let_the_api_sign_no_more(cluster: Cluster, host: str) -> None:
    cluster.playbook("playbooks/site.yml")
    cluster.on(host, f"rm -r {_SIGNING}")


@contextlib.contextmanager
def keys_elsewhere(cluster: Cluster, place: pathlib.Path) -> collections.abc.Iterator[list[pathlib.Path]]:
    """The keys of all authorities are taken out of the PKI directory. Gives the paths that they had."""
    keys = sorted((cluster.inventory / "pki").glob("*-ca.key"))
    for key in keys:
        key.rename(place / key.name)
    try:
        yield keys
        assert not [key for key in keys if key.exists()], "no new one was made"
    finally:
        for key in keys:
            (place / key.name).rename(key)
