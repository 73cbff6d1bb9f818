# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a download takes: through which proxy, and whose certificates it trusts.

With a proxy in the spec, the spec alone decides. Without one the environment of the login does, as for curl.
"""

from __future__ import annotations

import ipaddress
import typing as t
import urllib.parse
import urllib.request

from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import trusted

OF_THE_SPEC, OF_THE_LOGIN = "cluster_http_proxy or cluster_https_proxy", "the environment of the login"


class Proxy(t.NamedTuple):
    """``address`` is host:port; ``origin`` says who asked for it."""

    address: str
    origin: str


class Route:
    """What the spec says of downloads (``cluster.downloads``); an empty mapping says nothing."""

    def __init__(self, downloads: t.Mapping[str, t.Any]) -> None:
        self._proxies = {scheme: downloads[f"{scheme}_proxy"] for scheme in ("http", "https") if downloads.get(f"{scheme}_proxy")}
        self._direct = list(downloads.get("no_proxy", ()))
        self._authorities = str(downloads.get("ca_bundle", ""))

    def proxy(self, scheme: str, host: str) -> t.Optional[Proxy]:
        """The proxy for an address with this scheme and host, which may have a port; None to connect to it directly."""
        if self._proxies:
            if scheme not in self._proxies or is_direct(host, self._direct):
                return None
            return Proxy(_location(self._proxies[scheme]), OF_THE_SPEC)
        found = urllib.request.getproxies_environment().get(scheme)
        if not found or urllib.request.proxy_bypass_environment(host):  # type: ignore[attr-defined]
            return None
        return Proxy(_location(found), OF_THE_LOGIN)

    def opener(self) -> urllib.request.OpenerDirector:
        """Opens addresses, and those that they are redirected to, on this route."""
        tls = urllib.request.HTTPSHandler(context=trusted.context(None, besides=self._authorities))
        return urllib.request.build_opener(urllib.request.ProxyHandler({}), _ThroughProxies(self), tls)

    def shown(self, url: str) -> str:
        """For messages: how an address is reached, if by a proxy."""
        parts = urllib.parse.urlsplit(url)
        proxy = self.proxy(parts.scheme, parts.netloc)
        return f" through the proxy {proxy.address.rpartition('@')[2]} (of {proxy.origin})" if proxy else ""


class _ThroughProxies(urllib.request.BaseHandler):
    """Sends each request to its proxy, if it has one. The handlers that follow connect to it."""

    handler_order = 100  # as urllib's own, before those that connect

    def __init__(self, route: Route) -> None:
        self._route = route

    def _redirect(self, request: urllib.request.Request, scheme: str) -> None:
        proxy = self._route.proxy(scheme, request.host)
        if proxy is not None:
            login, _at, address = proxy.address.rpartition("@")
            if login:
                import base64  # imported here, because only the environment of a login may have one

                request.add_header("Proxy-authorization", "Basic " + base64.b64encode(urllib.parse.unquote(login).encode()).decode())
            request.set_proxy(address, "http")

    def http_open(self, request: urllib.request.Request) -> None:
        self._redirect(request, "http")

    def https_open(self, request: urllib.request.Request) -> None:
        self._redirect(request, "https")


def _location(proxy: str) -> str:
    """Host and port, with a login if there is one, of an address that may lack its scheme."""
    return proxy.partition("://")[2].partition("/")[0] if "://" in proxy else proxy.partition("/")[0]


def is_direct(host: str, direct: t.Iterable[str]) -> bool:
    """Whether a host, which may have a port, is one of those that are reached without a proxy: names, domains, addresses, networks."""
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    try:
        address: t.Any = ipaddress.ip_address(name)
    except ValueError:
        address = None
    return any(entry == "*" or (_has(entry, address) if address else _is_of(name, entry)) for entry in direct)


def _has(entry: str, address: t.Any) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_of(name: str, entry: str) -> bool:
    """A domain with a dot before it stands for the names in it; one without, also for itself."""
    entry = entry.lower()
    return name.endswith(entry) if entry.startswith(".") else name == entry or name.endswith(f".{entry}")
