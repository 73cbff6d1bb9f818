# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hosts reach what they download: proxies, what is reached without one, and a private authority. ``cluster.downloads``.

Three programs of a host download: the collection's own, dnf and Docker. Nothing else gets the proxies. A change of Docker's list
restarts Docker, so that list does not have the hosts of the cluster, which come and go; Docker has no need to reach them.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.libraries import netaddr
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import cidrs, naming
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec.inputs import Reader, shown

PROXIES = ("cluster_http_proxy", "cluster_https_proxy")
_LOOPBACK = ("localhost", "127.0.0.0/8")
_INSTEAD = "Write scheme, host and port, e.g. http://proxy.example.org:3128"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def read(reader: Reader) -> dict[str, t.Any]:
    """What is given. A wrong part is a problem, and is missing."""
    return {
        "http_proxy": _proxy(reader, "cluster_http_proxy"),
        "https_proxy": _proxy(reader, "cluster_https_proxy"),
        "no_proxy": _direct(reader),
        "ca_bundle": _authorities(reader),
    }


def complete(given: t.Mapping[str, t.Any], *, network: t.Mapping[str, t.Any], domain: str, api_host: str) -> dict[str, t.Any]:
    """``cluster.downloads``. Without a proxy, nothing needs to be reached without one."""
    own = (*_LOOPBACK, network["pod_cidr"], network["service_cidr"], f".{domain}", api_host)
    used = given["http_proxy"] or given["https_proxy"]
    return {**given, "no_proxy": list(dict.fromkeys((*own, *given["no_proxy"]))) if used else []}


def for_host(cluster: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same for a program of a host that is started for one run: the hosts of the cluster are reached without a proxy, too."""
    found = dict(cluster.get("downloads") or {})
    if not (found.get("http_proxy") or found.get("https_proxy")):
        return {"ca_bundle": found["ca_bundle"]} if found.get("ca_bundle") else {}
    hosts = [word for node in cluster["nodes"].values() for word in (node["name"], node["host"], node["address"])]
    return {**found, "no_proxy": list(dict.fromkeys((*found["no_proxy"], *hosts)))}


def environment(cluster: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Variables of a process whose downloads are to take these proxies, and none of those that a login has; empty without a proxy."""
    found = for_host(cluster)
    if "no_proxy" not in found:
        return {}
    values = {
        "http_proxy": found["http_proxy"],
        "https_proxy": found["https_proxy"],
        "all_proxy": "",
        "no_proxy": ",".join(found["no_proxy"]),
    }
    return {name: value for key, value in values.items() for name in (key, key.upper())}


def _proxy(reader: Reader, name: str) -> str:
    text = reader.text(name)
    if not text:
        return ""
    try:
        parts = urllib.parse.urlsplit(text)
        host, port, login = parts.hostname or "", parts.port, parts.username is not None
    except ValueError:
        host, port, login = "", None, "@" in text
    if login:
        # Not shown: there is a password in it.
        wrong = "holds a login, which would be seen in the processes and settings of every host"
        reader.problem(reader.where(name), wrong, "Have the proxy admit the hosts by their addresses, and write it without a login")
    elif parts.scheme == "https":
        reader.fault(name, "begins with https://, and hosts speak to a proxy by http; what they download stays encrypted", _INSTEAD)
    elif parts.scheme != "http" or not host or not port or any(mark.isspace() for mark in text):
        reader.fault(name, "is not the address of a proxy", _INSTEAD)
    elif parts.path.strip("/") or parts.query or parts.fragment:
        reader.fault(name, "has something behind the port, which a proxy cannot have", _INSTEAD)
    else:
        return f"http://{parts.netloc}"
    return ""


def _direct(reader: Reader) -> list[str]:
    name = "cluster_no_proxy"
    entries = reader.list_of_text(name) or []
    for entry in entries:
        if not _is_destination(entry):
            instead = (
                "Write names, domains such as .example.org, IPv4 addresses or networks such as 10.0.0.0/8, each as an entry of its own"
            )
            reader.fault(name, f"holds {shown(entry)}, which is neither a name, a domain, an address nor a network", instead)
    if entries and not any(reader.given(proxy) for proxy in PROXIES):
        reader.fault(name, "has no effect without a proxy", "Set cluster_http_proxy and cluster_https_proxy too, or leave it out")
    return entries


def _is_destination(entry: str) -> bool:
    if cidrs.parse_address(entry) is not None:
        return True
    if "/" in entry:
        try:
            return netaddr.IPNetwork(entry).version == 4
        except (netaddr.AddrFormatError, ValueError):
            return False
    return not naming.subdomain_fault(entry.lower().removeprefix(".")) and not entry.replace(".", "").isdigit()


def _authorities(reader: Reader) -> str:
    name = "cluster_ca_bundle"
    text = reader.text(name)
    if not text:
        return ""
    if "PRIVATE KEY-----" in text:
        # Not shown: it is a secret.
        reader.problem(reader.where(name), "holds a private key, which no host may have", "Write the certificates alone")
        return ""
    found = _CERTIFICATE.findall(text)
    if not found:
        reader.fault(
            name,
            "holds no certificate",
            "Write the text of the certificates (PEM), such as \"{{ lookup('ansible.builtin.file', inventory_dir ~ '/mirror-ca.pem') }}\"",
            value=text[:60],
        )
        return ""
    return "".join(f"{certificate}\n" for certificate in found)
