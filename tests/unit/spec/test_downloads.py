# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster.downloads: proxies, what is reached without one, and authorities."""

from __future__ import annotations

import pytest
from spec_inventory import build, problems_of, spec_of

from ansible_collections.barehost.kubernetes.plugins.plugin_utils._spec import downloads

PROXY = "http://proxy.example.org:3128"
OWN = ["localhost", "127.0.0.0/8", "10.255.0.0/16", "10.254.0.0/16", ".cluster.local", "192.0.2.10"]
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def test_nothing_is_set_by_default() -> None:
    spec = spec_of().as_dict()
    assert spec["downloads"] == {"http_proxy": "", "https_proxy": "", "no_proxy": [], "ca_bundle": ""}
    assert downloads.for_host(spec) == downloads.environment(spec) == {}


def test_what_belongs_to_the_cluster_is_reached_without_the_proxy() -> None:
    spec = spec_of({"cluster_https_proxy": PROXY, "cluster_no_proxy": [".example.org", "10.0.0.0/8"]}).as_dict()
    assert spec["downloads"]["no_proxy"] == [*OWN, ".example.org", "10.0.0.0/8"]
    hosts = ["m1", "w1", "192.0.2.11", "w2", "192.0.2.12"]
    assert downloads.for_host(spec)["no_proxy"] == [*OWN, ".example.org", "10.0.0.0/8", *hosts]


def test_the_list_of_docker_stays_when_hosts_come() -> None:
    variables = {"cluster_https_proxy": PROXY}
    more = {"m1": {"ansible_host": "192.0.2.10"}, "w9": {"ansible_host": "192.0.2.19"}}
    assert spec_of(variables).downloads["no_proxy"] == spec_of(variables, hosts=more).downloads["no_proxy"] == OWN


def test_the_environment_of_dnf_has_no_proxy_of_the_login() -> None:
    spec = spec_of({"cluster_https_proxy": PROXY}).as_dict()
    environment = downloads.environment(spec)
    assert environment == {
        **dict.fromkeys(["https_proxy", "HTTPS_PROXY"], PROXY),
        **dict.fromkeys(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"], ""),
        **dict.fromkeys(["no_proxy", "NO_PROXY"], ",".join([*OWN, "m1", "w1", "192.0.2.11", "w2", "192.0.2.12"])),
    }


def test_only_certificates_are_taken_of_a_bundle() -> None:
    spec = spec_of({"cluster_ca_bundle": f"# ours\n{PEM}\n\n# another\n{PEM}"}).as_dict()
    assert spec["downloads"]["ca_bundle"] == PEM + PEM
    assert downloads.for_host(spec) == {"ca_bundle": PEM + PEM}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"cluster_http_proxy": "proxy.example.org:3128"},
            "cluster_http_proxy is 'proxy.example.org:3128': it is not the address of a proxy",
        ),
        ({"cluster_http_proxy": "http://proxy.example.org"}, "is not the address of a proxy"),
        ({"cluster_http_proxy": "http://proxy.example.org:port"}, "is not the address of a proxy"),
        ({"cluster_http_proxy": "socks5://proxy.example.org:1080"}, "is not the address of a proxy"),
        ({"cluster_https_proxy": "https://proxy.example.org:3128"}, "begins with https://"),
        ({"cluster_https_proxy": f"{PROXY}/path"}, "has something behind the port"),
        ({"cluster_https_proxy": 3128}, "is a number, and must be a text"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": "a.example.org,10.0.0.0/8"}, "must be a list"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": ["a.example.org,b"]}, "is neither a name, a domain, an address nor a network"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": ["*.example.org"]}, "is neither a name"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": ["http://a"]}, "is neither a name"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": ["10.0.0.0/33"]}, "is neither a name"),
        ({"cluster_https_proxy": PROXY, "cluster_no_proxy": ["10.0.300.1"]}, "is neither a name"),
        ({"cluster_no_proxy": [".example.org"]}, "has no effect without a proxy"),
        ({"cluster_ca_bundle": "/etc/ssl/ca.pem"}, "holds no certificate"),
    ],
)
def test_what_is_wrong_is_told(variables: dict[str, object], said: str) -> None:
    (problem,) = problems_of(build(variables))
    assert said in problem


@pytest.mark.parametrize(
    "variables",
    [
        {"cluster_https_proxy": "http://reader:hidden@proxy.example.org:3128"},
        {"cluster_https_proxy": "http://reader:hidden@proxy.example.org:port"},
        {"cluster_ca_bundle": f"{PEM}-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----\n"},
    ],
)
def test_a_secret_is_refused_and_not_shown(variables: dict[str, object]) -> None:
    (problem,) = problems_of(build(variables))
    assert "hidden" not in problem
