# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig that is wanted for a person, from the variables of playbooks/kubeconfig.yml."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import re
import typing as t

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import misspelt
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import ComponentError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.given_options import Reader
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.output_files import path_of
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._people import signing_request
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.issued import EMERGENCY_GROUP
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import naming

# The variables: what the options are called, with this before.
_PREFIX = "kubeconfig_"
OPTIONS = ("user", "groups", "days", "namespace", "file", "csr", "key_path", "signed_by", "emergency")
AUTHORITY, API = SIGNERS = ("authority", "api")
DEFAULT_DAYS, MOST_DAYS = 30, 365
# A certificate of the emergency group cannot be taken back by any rule, so it ends soon.
EMERGENCY_DAYS, MOST_EMERGENCY_DAYS = 1, 7
# Names to which the access rules of the cluster's own programs are bound, or by which the cluster knows them.
RESERVED_USERS = frozenset(
    {
        "barehost:kubelet-certificate-approver",
        "flannel",
        "front-proxy-client",
        "kube-apiserver",
        "kube-apiserver-kubelet-client",
        "kubernetes-admin",
    }
)
# Kubernetes gives names with this prefix to its own programs and rules.
_SYSTEM = "system:"
# Such as alice, alice@example.org and oidc:alice. X.509 allows 64 characters.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._:+-]{0,63}")
_NAME_RULE = "1 to 64 letters, digits and @._:+-, the first a letter or a digit"


class Request(t.NamedTuple):
    """``file`` gets the kubeconfig. ``csr`` is a signing request in PEM form, empty if the key is made here.

    ``key`` is how the kubeconfig names the key of somebody who has made it elsewhere.
    """

    user: str
    groups: tuple[str, ...]
    days: int
    namespace: str
    file: pathlib.Path
    csr: str
    key: str
    signed_by: str
    emergency: bool

    @property
    def item(self) -> dict[str, t.Any]:
        """The certificate, as its authority is asked for it."""
        return {
            "name": self.user,
            "authority": "kubernetes",
            "common_name": self.user,
            "organizations": list(self.groups),
            "usages": ["client"],
            "days": self.days,
            "renew_before_days": 0,
        }


def request(given: c.Mapping[str, t.Any], *, variables: c.Iterable[str] = (), inventory: str = "") -> Request:
    """The request, from the options by name; None for one that is not given. Raises ComponentError with every fault.

    ``variables``: the names of all variables, of which one may be misspelt; ``inventory``: the folder of the inventory.
    """
    reader = _Reader(given, prefix=_PREFIX)
    reader.faults += misspelt.faults(variables, prefix=_PREFIX, options=OPTIONS)
    emergency = reader.emergency()
    user, groups = reader.user(), reader.groups(emergency=emergency)
    signed_by = reader.signed_by(emergency=emergency)
    csr = reader.csr()
    found = Request(
        user=user,
        groups=groups,
        days=reader.days(emergency=emergency),
        namespace=reader.namespace(),
        file=reader.file(user, inventory=inventory),
        csr=csr,
        key=reader.key(),
        signed_by=signed_by,
        emergency=emergency,
    )
    if csr and not reader.faults:
        reader.faults += signing_request.faults(csr, user=user, groups=groups, named=signed_by == API)
    if reader.faults:
        raise ComponentError(f"Nothing was issued: {'; '.join(reader.faults)}")
    return found


class _Reader(Reader):
    """The options of this playbook."""

    def emergency(self) -> bool:
        text = str(self._given.get("emergency") or "false").lower()
        if text not in ("true", "false", "yes", "no"):
            self._fault("emergency", f"is {text!r}, wanted true or false", "true")
        return text in ("true", "yes")

    def user(self) -> str:
        value = self._given.get("user")
        if not value or not isinstance(value, str):
            self._fault("user", "is not given" if not value else f"is {value!r}, wanted a text", "alice")
            return ""
        self._check_name("user", value, "alice")
        if value in RESERVED_USERS:
            self._fault("user", f"is {value}, which is the name of a program of the cluster; give the person another one", "alice")
        return value

    def groups(self, *, emergency: bool) -> tuple[str, ...]:
        value = self._given.get("groups") or []
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            self._fault("groups", f"is {value!r}, wanted names divided by commas", "developers,testers")
            return ()
        names = tuple(sorted({name.strip() for name in listed if name.strip()}))
        if emergency:
            if names not in ((), (EMERGENCY_GROUP,)):
                self.faults.append(
                    f"{_PREFIX}groups and {_PREFIX}emergency are given: an emergency kubeconfig has its own group, so leave one"
                )
            return (EMERGENCY_GROUP,)
        for name in names:
            if name == EMERGENCY_GROUP:
                self.faults.append(
                    f"{_PREFIX}groups has {EMERGENCY_GROUP}, of which no rule can take anything away. For the group of administrators "
                    f"write -e {_PREFIX}groups=barehost:administrators; when no rule works any more, -e {_PREFIX}emergency=true"
                )
            else:
                self._check_name("groups", name, "developers")
        return names

    def _check_name(self, option: str, name: str, example: str) -> None:
        if name.startswith(_SYSTEM):
            self._fault(option, f"has {name}, and Kubernetes keeps names with {_SYSTEM} for its own programs; give another name", example)
        elif not _NAME.fullmatch(name):
            self._fault(option, f"has {name!r}, wanted {_NAME_RULE}", example)

    def days(self, *, emergency: bool) -> int:
        value = self._given.get("days")
        default, most = (EMERGENCY_DAYS, MOST_EMERGENCY_DAYS) if emergency else (DEFAULT_DAYS, MOST_DAYS)
        text = str(default if value is None else value)
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            of = " of an emergency kubeconfig" if emergency else ""
            self._fault("days", f"is {value!r}, wanted a whole number of days{of} from 1 to {most}", str(default))
            return default
        return int(text)

    def namespace(self) -> str:
        value = str(self._given.get("namespace") or "")
        fault = naming.label_fault(value) if value else ""
        if fault:
            self._fault("namespace", f"is {value!r}, which {fault}", "default")
        return value

    def signed_by(self, *, emergency: bool) -> str:
        value = str(self._given.get("signed_by") or AUTHORITY)
        if value not in SIGNERS:
            self._fault("signed_by", f"is {value!r}, wanted {AUTHORITY} or {API}", AUTHORITY)
        elif emergency and value == API:
            self._fault("signed_by", f"is {API}, and the API signs nothing for {EMERGENCY_GROUP}", AUTHORITY)
        return value

    def csr(self) -> str:
        value = self._given.get("csr")
        if not value:
            return ""
        path = path_of(value)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            return self._unreadable(path, error.strerror)
        except UnicodeDecodeError:
            return self._unreadable(path, "it is not text")
        except ValueError:
            return self._unreadable(path, "no file has such a name")
        if "PRIVATE KEY" in text:
            what = f"is {str(path)!r}, which holds a private key; that stays with its owner, who sends the request alone"
            self._fault("csr", what, "alice.csr")
        return text

    def _unreadable(self, path: pathlib.Path, why: str | None) -> str:
        self._fault("csr", f"is {str(path)!r}, which cannot be read ({why}), wanted a signing request in PEM form", "alice.csr")
        return ""

    def key(self) -> str:
        """How the kubeconfig names the key. By default it lies beside the kubeconfig, with the name that the request has."""
        csr, value = self._given.get("csr"), self._given.get("key_path")
        if value and not csr:
            self.faults.append(
                f"{_PREFIX}key_path is given without {_PREFIX}csr: the key is made here then, and is in the kubeconfig; leave "
                f"{_PREFIX}key_path out"
            )
        if value and not isinstance(value, str):
            self._fault("key_path", f"is {value!r}, wanted the path of the key on the computer of its owner", "alice.key")
        return str(value) if value else f"{path_of(csr).stem}.key" if csr else ""

    def file(self, user: str, *, inventory: str) -> pathlib.Path:
        value = self._given.get("file") or f"{user}.kubeconfig"
        path = path_of(value)
        if path.is_dir():
            self._fault("file", f"is {str(path)!r}, which is a directory", f"{user or 'alice'}.kubeconfig")
        elif path.is_symlink():
            self._fault("file", f"is {str(path)!r}, which is a link: give the file itself", f"{user or 'alice'}.kubeconfig")
        elif not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            why = "nothing can be written to" if path.parent.is_dir() else "there is no directory"
            self._fault("file", f"is {str(path)!r}, and {why} {path.parent}", f"{user or 'alice'}.kubeconfig")
        elif inventory and path.parent == pathlib.Path(inventory).resolve():
            self._fault("file", f"is {str(path)!r}, beside the inventory, of which Ansible would take it for a part", f"~/{path.name}")
        return path
