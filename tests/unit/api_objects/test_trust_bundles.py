# SPDX-License-Identifier: GPL-3.0-or-later
"""What objects of the API say of a replaced authority: on the host, and what the controller makes of it."""

from __future__ import annotations

import base64
import typing as t
import urllib.parse

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._api import trust_bundles as on_host
from ansible_collections.barehost.kubernetes.plugins.module_utils._api.client import ApiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._api import trust_bundles
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, issuing

OLD, NEW, OTHER = (certs.pem(issuing.make_authority("kubernetes", certs.new_key(), 0.0)) for _number in range(3))
DIGESTS = trust_bundles.Digests.of(NEW, [OLD])


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def root(namespace: str, text: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "kube-root-ca.crt", "namespace": namespace}, "data": {"ca.crt": text}}


class Api:
    """Answers with its objects, one a page."""

    def __init__(self, objects: dict[str, list[dict[str, t.Any]]]) -> None:
        self.objects = objects

    def request(self, _method: str, path: str) -> dict[str, t.Any]:
        asked = urllib.parse.urlsplit(path)
        number = int(dict(urllib.parse.parse_qsl(asked.query)).get("continue", "0"))
        items = self.objects.get(asked.path.rpartition("/")[2], [])
        more = {"continue": str(number + 1)} if number + 1 < len(items) else {}
        return {"metadata": more, "items": items[number : number + 1]}


def asked(monkeypatch: pytest.MonkeyPatch, api: t.Any) -> dict[str, t.Any]:
    monkeypatch.setattr(on_host, "KubeApi", lambda **_connection: api)
    return on_host.run("collect", {"connection": {}, **DIGESTS.asked(deadline=0)})


OBJECTS = {
    "namespaces": [{"metadata": {"name": name}} for name in ("a", "b", "c")]
    + [{"metadata": {"name": "ending", "deletionTimestamp": "2026-11-29T00:00:00Z"}}],
    "configmaps": [root("a", OLD + NEW), root("b", OLD)],
    "validatingwebhookconfigurations": [
        {"metadata": {"name": "one"}, "webhooks": [{"clientConfig": {}}, {"clientConfig": {"caBundle": encoded(OLD)}}]},
        {"metadata": {"name": "both"}, "webhooks": [{"clientConfig": {"caBundle": encoded(OLD + NEW)}}]},
        {"metadata": {"name": "other"}, "webhooks": [{"clientConfig": {"caBundle": encoded(OTHER)}}]},
    ],
    "customresourcedefinitions": [
        {"metadata": {"name": "crd"}, "spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": encoded(OLD)}}}}},
    ],
    "apiservices": [
        {"metadata": {"name": "v1.metrics"}, "spec": {"caBundle": encoded(OLD)}},
        {"metadata": {"name": "v1."}, "spec": {}},
        {"metadata": {"name": "v1.broken"}, "spec": {"caBundle": encoded("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n")}},
    ],
}


def test_namespaces_without_the_new_one_and_objects_with_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(monkeypatch, Api(OBJECTS))
    assert (found["error"], found["namespaces"]) == ("", ["b", "c"])
    names = {
        "ValidatingWebhookConfiguration one",
        "ValidatingWebhookConfiguration both",
        "CustomResourceDefinition crd",
        "APIService v1.metrics",
    }
    assert set(found["objects"]) == names
    (told,) = trust_bundles.warnings([found], DIGESTS, name="kubernetes-ca")
    assert told.startswith(
        "APIService v1.metrics, CustomResourceDefinition crd, ValidatingWebhookConfiguration one: caBundle holds the old"
    )


def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = {"namespaces": OBJECTS["namespaces"][:1], "configmaps": [root("a", OLD + NEW)]}
    found = asked(monkeypatch, Api(objects))
    assert found == {"error": "", "namespaces": [], "objects": {}}
    trust_bundles.refuse([found], name="kubernetes-ca")
    assert trust_bundles.warnings([found], DIGESTS, name="kubernetes-ca") == []


def test_one_master_that_knows_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def request(self, *_arguments: str) -> None:
            raise ApiError("it does not answer", status=503)

    down = asked(monkeypatch, Down())
    with pytest.raises(PlanError, match="not known whether pods trust the new kubernetes-ca, because the API did not answer: it does not"):
        trust_bundles.refuse([down, down], name="kubernetes-ca")
    with pytest.raises(PlanError, match="no master was asked"):
        trust_bundles.refuse([], name="kubernetes-ca")
    trust_bundles.refuse([down, {"error": "", "namespaces": [], "objects": {}}], name="kubernetes-ca")


def test_namespaces_are_named_but_not_all_of_many() -> None:
    many = {"error": "", "namespaces": [f"n{number:02}" for number in range(12)], "objects": {}}
    with pytest.raises(PlanError, match=r"kube-root-ca\.crt lacks it in n00, .*, n09 and 2 more"):
        trust_bundles.refuse([many], name="kubernetes-ca")
