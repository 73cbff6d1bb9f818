# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approves the serving certificates that kubelets ask for, if they ask for their own names and addresses.

usage: kubelet-certificate-approver SETTINGS

SETTINGS is a JSON file with the fields of the class Settings. It is read again before each look, and so are the certificates.

Kubernetes approves client certificates of nodes by itself, but no serving certificates: it does not know which names are a node's. What a
Node says of itself proves nothing, because its kubelet writes that. So the names and addresses are those of the inventory. A request that
is not as wanted is left as it is, for somebody to look at, and named in the journal. Nothing is ever denied or deleted.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import http.client
import ipaddress
import json
import os
import socket
import ssl
import sys
import time
import typing as t
import urllib.parse

SIGNER = "kubernetes.io/kubelet-serving"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
PREFIX, GROUP = "system:node:", "system:nodes"
USAGES = (["digital signature", "server auth"], ["digital signature", "key encipherment", "server auth"])
REASON = "AutoApproved"
MESSAGE = "Names and addresses are those of the node in the inventory (kubelet-certificate-approver)."
ANSWER_LIMIT = 64 * 1024 * 1024

SEQUENCE, SET, INTEGER, OID, OCTETS, BITS, UTF8, PRINTABLE = 0x30, 0x31, 0x02, 0x06, 0x04, 0x03, 0x0C, 0x13
ATTRIBUTES, DNS_NAME, IP_ADDRESS = 0xA0, 0x82, 0x87
COMMON_NAME, ORGANIZATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
EXTENSION_REQUEST, ALTERNATIVE_NAMES = bytes.fromhex("2a864886f70d01090e"), bytes.fromhex("551d11")

Object = dict[str, t.Any]


class Refused(Exception):
    """Why a request is not approved."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """``nodes``: the address of each node by its name. Times are in seconds."""

    server: str  # host:port of this host's apiserver
    ca: str
    cert: str
    key: str
    nodes: dict[str, str]
    period: float = 5.0
    timeout: float = 10.0


class Wanted(t.NamedTuple):
    """What a signing request asks for."""

    common_name: str
    organizations: list[str]
    dns: list[str]
    ips: list[str]


class Der:
    """Reads DER, one element after the other. Raises Refused for anything else."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def is_over(self) -> bool:
        return not self._content

    @property
    def tag(self) -> int:
        return self._content[0] if self._content else -1

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        if self.tag != tag or len(self._content) < 2:
            raise Refused("it is no signing request as kubelets make them")
        length, start = self._content[1], 2
        if length >= 0x80:
            count = length & 0x7F
            start = 2 + count
            length = int.from_bytes(self._content[2:start], "big")
            # The shortest form is the only one.
            if not 0 < count <= 3 or length < 0x80 or length >> (8 * (count - 1)) == 0:
                raise Refused("it is not in DER form")
        if len(self._content) < start + length:
            raise Refused("it is cut off")
        found, self._content = self._content[start : start + length], self._content[start + length :]
        return found

    def enter(self, tag: int) -> Der:
        return Der(self.take(tag))

    def end(self) -> None:
        if not self.is_over:
            raise Refused("it holds more than kubelets ask for")


def parsed(request: bytes) -> Wanted:
    """What a request in DER form asks for. Only what kubelets write is understood. Its signature is for the signer to check."""
    outer = Der(request)
    whole = outer.enter(SEQUENCE)
    outer.end()
    asked = whole.enter(SEQUENCE)
    whole.take(SEQUENCE)
    whole.take(BITS)
    whole.end()
    asked.take(INTEGER)
    names = _subject(asked.enter(SEQUENCE))
    asked.take(SEQUENCE)  # the key
    dns, ips = _alternative_names(asked.enter(ATTRIBUTES))
    asked.end()
    common_names = [text for kind, text in names if kind == COMMON_NAME]
    if len(common_names) != 1:
        raise Refused("it has no common name, or several")
    return Wanted(common_names[0], [text for kind, text in names if kind == ORGANIZATION], dns, ips)


def _subject(name: Der) -> list[tuple[bytes, str]]:
    found = []
    while not name.is_over:
        part = name.enter(SET)
        attribute = part.enter(SEQUENCE)
        part.end()
        kind = attribute.take(OID)
        if kind not in (COMMON_NAME, ORGANIZATION):
            raise Refused("its subject has more than a common name and an organization")
        found.append((kind, _text(attribute.take(UTF8 if attribute.tag == UTF8 else PRINTABLE))))
        attribute.end()
    return found


def _alternative_names(attributes: Der) -> tuple[list[str], list[str]]:
    attribute = attributes.enter(SEQUENCE)
    attributes.end()
    if attribute.take(OID) != EXTENSION_REQUEST:
        raise Refused("it has another attribute than extensions")
    values = attribute.enter(SET)
    attribute.end()
    extensions = values.enter(SEQUENCE)
    values.end()
    extension = extensions.enter(SEQUENCE)
    extensions.end()
    if extension.take(OID) != ALTERNATIVE_NAMES:
        raise Refused("it has another extension than alternative names")
    octets = extension.enter(OCTETS)
    extension.end()
    names = octets.enter(SEQUENCE)
    octets.end()
    dns, ips = [], []
    while not names.is_over:
        if names.tag == DNS_NAME:
            dns.append(_text(names.take(DNS_NAME)))
        elif names.tag == IP_ADDRESS:
            ips.append(_address(names.take(IP_ADDRESS)))
        else:
            raise Refused("it asks for a name that is neither a DNS name nor an address")
    return dns, ips


def _text(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise Refused("it has a name that is not plain ASCII") from None


def _address(content: bytes) -> str:
    try:
        return str(ipaddress.ip_address(content))
    except ValueError:
        raise Refused("it has an address that is none") from None


def check(request: Object, nodes: t.Mapping[str, str]) -> Wanted:
    """What the request asks for, if it may be approved; else raises Refused. ``request`` is the object of the API."""
    spec = request["spec"]
    user = str(spec.get("username", ""))
    name = user[len(PREFIX) :]
    if spec.get("signerName") != SIGNER:
        raise Refused(f"it is not for {SIGNER}")
    if not user.startswith(PREFIX) or GROUP not in (spec.get("groups") or []):
        raise Refused("who asks is no node")
    if name not in nodes:
        raise Refused(f"the inventory has no node {name}; if it is new, run site.yml for the masters, too")
    if sorted(spec.get("usages") or []) not in USAGES:
        raise Refused(f"its usages are {', '.join(spec.get('usages') or []) or 'none'}")
    wanted = parsed(_der(spec.get("request", "")))
    if wanted.common_name != user or wanted.organizations != [GROUP]:
        raise Refused(f"its subject is O={','.join(wanted.organizations)}, CN={wanted.common_name}, and {user} asks")
    others = [text for text in wanted.dns if text != name] + [text for text in wanted.ips if text != nodes[name]]
    if others or not (wanted.dns or wanted.ips):
        raise Refused(f"it asks for {', '.join(others) or 'no name'}, and by the inventory {name} has the address {nodes[name]}")
    return wanted


def _der(request: str) -> bytes:
    """The one request in an API field, which is PEM in base64."""
    begin, end = b"-----BEGIN CERTIFICATE REQUEST-----", b"-----END CERTIFICATE REQUEST-----"
    try:
        text = base64.b64decode(request, validate=True).strip()
        if not (text.startswith(begin) and text.endswith(end)):
            raise Refused("it is not one signing request in PEM form")
        return base64.b64decode(b"".join(text[len(begin) : -len(end)].split()), validate=True)
    except binascii.Error:
        raise Refused("it is not one signing request in PEM form") from None


def is_open(request: Object) -> bool:
    """Whether nobody has decided yet."""
    status = request.get("status") or {}
    return not status.get("certificate") and not status.get("conditions")


class Api:
    """The apiserver of this host. Each call has a connection of its own, so that renewed certificates are used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_requests(self) -> list[Object]:
        selector = urllib.parse.urlencode({"fieldSelector": f"spec.signerName={SIGNER}"})
        items: list[Object] = self._call("GET", f"{REQUESTS}?{selector}").get("items") or []
        return [request for request in items if is_open(request)]

    def approve(self, request: Object) -> None:
        condition = {"type": "Approved", "status": "True", "reason": REASON, "message": MESSAGE}
        status = {**(request.get("status") or {}), "conditions": [condition]}
        name = urllib.parse.quote(request["metadata"]["name"], safe="")
        kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
        # It holds the version of the object, so one that has changed meanwhile is not approved.
        self._call("PUT", f"{REQUESTS}/{name}/approval", {**request, **kind, "status": status})

    def _call(self, method: str, path: str, content: t.Optional[Object] = None) -> Object:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca)
        # an authority may be an intermediate, which is then trusted alone
        context.verify_flags |= 0x80000
        context.load_cert_chain(settings.cert, settings.key)
        address, _colon, port = settings.server.rpartition(":")
        connection = http.client.HTTPSConnection(address, int(port), timeout=settings.timeout, context=context)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Accept": "application/json", "Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read(ANSWER_LIMIT)
        finally:
            connection.close()
        if response.status >= 300:
            raise OSError(f"{method} {path.partition('?')[0]}: status {response.status} {response.reason}")
        found: Object = json.loads(answer)
        return found


class Watch:
    """One look after the other. What is said of a request or of the API is said once, until it changes."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}
        self._trouble = ""

    def look(self, settings: Settings) -> None:
        api = Api(settings)
        try:
            waiting = api.open_requests()
            self._told = {name: text for name, text in self._told.items() if name in {one["metadata"]["name"] for one in waiting}}
            for request in waiting:
                self._decide(api, request, settings)
            self._say_trouble("")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._say_trouble(f"the apiserver at {settings.server} cannot be asked: {error or type(error).__name__}")

    def _decide(self, api: Api, request: Object, settings: Settings) -> None:
        name = str(request["metadata"]["name"])
        try:
            wanted = check(request, settings.nodes)
        except Refused as refused:
            text = f"{name} of {request['spec'].get('username', 'nobody')} is not approved: {refused}"
            if self._told.get(name) != text:
                say(text)
                self._told[name] = text
            return
        api.approve(request)
        say(f"{name} of {wanted.common_name} is approved for {', '.join([*wanted.dns, *wanted.ips])}")

    def _say_trouble(self, text: str) -> None:
        if text and text != self._trouble:
            say(text)
        self._trouble = text


def say(text: str) -> None:
    """A line of the journal. Names are what somebody else has chosen."""
    print("".join(character if character.isprintable() else "?" for character in text)[:1000], flush=True)


def read(settings_file: str) -> Settings:
    with open(settings_file, encoding="utf-8") as file:
        return Settings(**json.load(file))


def tell_systemd_ready() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))


def main(settings_file: str) -> None:
    watch = Watch()
    read(settings_file)
    tell_systemd_ready()
    while True:
        began, settings = time.monotonic(), read(settings_file)
        watch.look(settings)
        time.sleep(max(0.0, began + settings.period - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1])
