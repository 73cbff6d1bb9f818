# SPDX-License-Identifier: GPL-3.0-or-later
"""A PKI directory that is lost is filled with what hosts have, and new authorities are made without the keys of the old ones."""

from __future__ import annotations

import base64
import pathlib
import stat
import types
import typing as t

import pytest
from replacing import Killed, killed_at
from test_replacement import LEAF, filled, request, signs

from ansible_collections.barehost.kubernetes.plugins.action import pki_rescue
from ansible_collections.barehost.kubernetes.plugins.module_utils._component import rescue as on_host
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common import atomic_file
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._common.errors import PlanError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki import certs, generations, rescue, wanted_certs
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.certs import PkiError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.directory import AUTHORITIES, Pki
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.encryption_replacement import EncryptionReplacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.identity import IdentityError
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.replacement import Replacement
from ansible_collections.barehost.kubernetes.plugins.plugin_utils._pki.rescued_directory import UNFINISHED, RescuedDirectory

NOW = 1_800_000_000.0
SETTINGS = {"name": "mine", "pod_cidr": "10.1.0.0/16", "service_cidr": "10.2.0.0/16", "flannel_backend": "kube-api"}
PATHS = pki_rescue.sources()
MASTER = [name for name in PATHS if name != "keepalived-authentication.conf"]
SECRET = ("service-account.key", "encryption-config.yaml", "keepalived-authentication.conf", *rescue.OF_ROTATION)


def whole(directory: pathlib.Path) -> Pki:
    pki = filled(directory)
    for name in ("encryption-config.yaml", "keepalived-authentication.conf"):
        pki.read(name)
    return pki


def host(pki: Pki, *names: str, settings: t.Mapping[str, str] | None = types.MappingProxyType(SETTINGS), **other: str) -> dict[str, t.Any]:
    """What a host says that has these files of a PKI directory."""
    texts = {name: other.get(name) or pki.served(name) for name in names}
    public = {path: texts.get(name) for name, paths in PATHS.items() if name not in SECRET for path in paths}
    secrets = {path: _described(texts.get(name)) for name in SECRET for path in PATHS[name]}
    return {"texts": public, "secrets": secrets, "settings": settings and dict(settings)}


def _described(text: str | None) -> dict[str, t.Any] | None:
    return {"size": len(text), "digest": f"digest of {hash(text)}"} if text else None


def planned(answers: dict[str, dict[str, t.Any] | None], *, without: tuple[str, ...] = ()) -> rescue.Plan:
    return rescue.plan(answers, paths=PATHS, settings=SETTINGS, without=without, directory="/pki")


def refusal(answers: dict[str, dict[str, t.Any] | None], *, without: tuple[str, ...] = ()) -> str:
    with pytest.raises((PlanError, IdentityError)) as error:
        planned(answers, without=without)
    return str(error.value.message)


def rescued(directory: pathlib.Path, plan: rescue.Plan, old: Pki) -> RescuedDirectory:
    made = RescuedDirectory(Pki(directory, now=NOW), now=NOW)
    for name in plan.secrets:
        made.put(name, str(old.served(name)))
    made.finish(plan.public)
    return made


def test_each_part_is_taken_from_a_host_that_has_it(tmp_path: pathlib.Path) -> None:
    pki = whole(tmp_path)
    answers = {
        "m1": host(pki, *MASTER),
        "m2": host(pki, *MASTER),
        "e1": host(pki, "etcd-ca.crt"),
        "b1": host(pki, "kubernetes-ca.crt", "keepalived-authentication.conf"),
        "bare": host(pki, settings=None),
    }
    plan = planned(answers)
    assert {name: source.host for name, source in plan.secrets.items()} == {
        "service-account.key": "m1",
        "encryption-config.yaml": "m1",
        "keepalived-authentication.conf": "b1",
    }
    lines = " ".join(plan.lines())
    assert "service-account.key: from /etc/kubernetes/pki/service-account.key of m1; the same on m2" in lines
    assert "on m1, m2, e1" in lines
    less = planned({"m1": host(pki, *MASTER)})
    assert "keepalived-authentication.conf: on no host; it is made anew where it is needed" in less.lines()


def test_hosts_that_disagree_are_refused_by_name(tmp_path: pathlib.Path) -> None:
    pki, other = whole(tmp_path / "one"), whole(tmp_path / "other")
    good = host(pki, *MASTER)
    wrong = host(pki, *MASTER, **{"encryption-config.yaml": "another", "service-account.key": "another"})
    told = refusal({"m1": good, "m2": wrong, "m3": good})
    assert "the /etc/kubernetes/encryption-config.yaml differs between m1, m3 and m2" in told
    assert "the /etc/kubernetes/pki/service-account.key differs" in told
    assert planned({"m1": good, "m2": wrong}, without=("m2",)).secrets["service-account.key"].host == "m1"
    told = refusal({"m1": good, "e1": host(other, "etcd-ca.crt")})
    assert "hosts have nothing in common as etcd-ca.crt: m1 has" in told and "e1 has" in told
    told = refusal({"m1": good, "e1": None})
    assert "Nothing was taken from any host" in told and "e1 did not answer" in told
    assert "rescue_without names m9" in refusal({"m1": good}, without=("m9",))


def test_what_no_host_has_is_named(tmp_path: pathlib.Path) -> None:
    pki = whole(tmp_path)
    told = refusal({"e1": host(pki, "etcd-ca.crt"), "w1": host(pki, "kubernetes-ca.crt")})
    assert "service-account.key is on no host" in told
    assert "encryption-config.yaml is on no host, without which nobody can read the Secrets" in told
    assert "kubernetes-ca.crt is on no host" in refusal({"bare": host(pki)})


def test_a_host_of_a_cluster_with_other_settings_gives_nothing(tmp_path: pathlib.Path) -> None:
    pki = whole(tmp_path)
    assert "cluster_name theirs" in refusal({"m1": host(pki, *MASTER, settings={**SETTINGS, "name": "theirs"})})


def test_a_rescued_directory_makes_new_authorities(tmp_path: pathlib.Path) -> None:
    """Nobody is refused meanwhile: both are trusted before the new one signs, and nothing good is issued anew before."""
    old = whole(tmp_path / "old")
    leaf = old.sign("etcd", request(tmp_path / "old"), LEAF)
    made = rescued(tmp_path / "pki", planned({"m1": host(old, *MASTER)}), old)
    assert made.complete
    made.refuse_if_used()
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700
    assert {stat.S_IMODE((tmp_path / "pki" / name).stat().st_mode) for name in SECRET[:2]} == {0o600}
    assert {name: Pki(tmp_path / "pki").served(name) for name in MASTER} == {name: old.served(name) for name in MASTER}
    item = {**LEAF, "path": "/leaf.crt", "key": "/leaf.key"}

    def pki() -> Pki:
        return Pki(tmp_path / "pki", now=NOW)

    def fault(text: str, *, days: int = 0) -> str | None:
        certificate = certs.load(text)
        assert certificate is not None
        enriched = pki().enrich(item)
        return wanted_certs.fault(enriched, certificate, enriched["authority_certificate"], NOW + days * 86400)

    with pytest.raises(PkiError, match=r"etcd-ca.key is missing.*replace_authority=etcd"):
        pki().sign("etcd", request(tmp_path / "old"), LEAF)
    assert "etcd-ca.key is missing" in pki().refusal("etcd")
    Replacement(pki(), "etcd", now=NOW).accept()
    assert pki().refusal("etcd") == ""
    assert Replacement(pki(), "etcd", now=NOW).phase == "accepted"
    assert len(generations.blocks(pki().read("etcd-ca.crt")[0])) == 2
    assert (fault(leaf), fault(leaf, days=350)) == (None, None)
    assert "it expired" in str(fault(leaf, days=366))
    meanwhile = pki().sign("etcd", request(tmp_path / "old"), LEAF)
    assert fault(meanwhile) is None
    assert certs.issued_by_any(meanwhile, [str(pki().stored("etcd-ca.next.crt"))])
    Replacement(pki(), "etcd", now=NOW).switch()
    assert Replacement(pki(), "etcd", now=NOW).phase == "switched"
    assert (fault(leaf), fault(meanwhile)) == ("it was not issued by the present etcd-ca", None)
    Replacement(pki(), "etcd", now=NOW).drop()
    Replacement(pki(), "etcd", now=NOW).finish()
    assert pki().served("etcd-ca.crt") == signs(tmp_path / "pki", "etcd")
    assert str(old.served("etcd-ca.crt")) in str(pki().known("etcd-ca.crt"))
    assert not (tmp_path / "pki" / "etcd-ca.replacing").exists()


@pytest.mark.parametrize("phase", ["accepted", "switched", "dropped"])
def test_a_directory_is_lost_in_the_middle_of_a_replacement(tmp_path: pathlib.Path, phase: str) -> None:
    """Hosts trust what they trusted. At the end they trust one that has a key, and know the others."""
    old = whole(tmp_path / "old")
    work = Replacement(old, "etcd", now=NOW)
    before = host(old, *MASTER)
    for method in ("accept", "switch", "drop")[: ("accepted", "switched", "dropped").index(phase) + 1]:
        before = host(old, *MASTER)
        getattr(work, method)()
    # one host is as the phase before wants it
    plan = planned({"m1": before, "m2": host(old, *MASTER)})
    rescued(tmp_path / "pki", plan, old)
    trusted = generations.blocks(Pki(tmp_path / "pki").served("etcd-ca.crt"))
    assert tuple(trusted) == plan.public["etcd-ca.crt"]
    for method in ("accept", "switch", "drop", "finish"):
        work = Replacement(Pki(tmp_path / "pki", now=NOW), "etcd", now=NOW)
        getattr(work, method)()
        if method == "switch":
            assert set(trusted) <= set(generations.blocks(Pki(tmp_path / "pki").served("etcd-ca.crt")))
            assert set(work.trust.old) == set(trusted)
    assert signs(tmp_path / "pki", "etcd") == Pki(tmp_path / "pki").served("etcd-ca.crt")
    assert set(trusted) < set(generations.blocks(Pki(tmp_path / "pki").known("etcd-ca.crt")))


def test_the_authority_of_kubelets_that_rotate_their_certificates_is_whole(tmp_path: pathlib.Path) -> None:
    old = whole(tmp_path / "old")
    files = {name: old.read(name)[0] for name in rescue.OF_ROTATION}
    plan = planned({"m1": host(old, *MASTER), "m2": host(old, *MASTER), "w1": host(old, "kubernetes-ca.crt")})
    assert {name: (source.host, source.also) for name, source in plan.secrets.items() if name in files} == dict.fromkeys(
        files, ("m1", ("m2",))
    )
    rescued(tmp_path / "pki", plan, old)
    assert {name: Pki(tmp_path / "pki").read(name)[0] for name in files} == files
    assert Pki(tmp_path / "pki", now=NOW).refusal("node") == ""


def test_a_key_that_pods_have_tokens_of_stays_valid_for_a_while(tmp_path: pathlib.Path) -> None:
    old = whole(tmp_path / "old")
    work = Replacement(old, "service-account", now=NOW)
    work.accept()
    work.switch()
    rescued(tmp_path / "pki", planned({"m1": host(old, *MASTER)}), old)
    pki = Pki(tmp_path / "pki", now=NOW)
    assert pki.read("service-account.pub")[0] == old.read("service-account.pub")[0]
    work = Replacement(pki, "service-account", now=NOW)
    assert (work.phase, work.switched_at) == ("switched", NOW)
    work.drop()
    assert len(generations.blocks(pki.read("service-account.pub")[0])) == 1


def test_a_key_of_secrets_that_is_being_replaced_goes_at_the_end(tmp_path: pathlib.Path) -> None:
    old = whole(tmp_path / "old")
    work = EncryptionReplacement(old, now=NOW)
    (replaced,) = work.present
    work.accept()
    work.switch()
    rescued(tmp_path / "pki", planned({"m1": host(old, *MASTER)}), old)
    work = EncryptionReplacement(Pki(tmp_path / "pki", now=NOW), now=NOW)
    assert (work.phase, work.old) == ("switched", [replaced])
    work.drop()
    assert replaced not in work.present


def test_a_pair_of_keys_that_does_not_belong_together(tmp_path: pathlib.Path) -> None:
    old, other = whole(tmp_path / "old"), whole(tmp_path / "other")
    plan = planned({"m1": host(old, *MASTER, **{"service-account.pub": str(other.served("service-account.pub"))})})
    with pytest.raises(PkiError, match="belongs to none of the public keys"):
        rescued(tmp_path / "pki", plan, old)


def contents(tree: pathlib.Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in tree.iterdir()}


def test_a_rescue_may_be_killed_at_every_change_of_a_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = whole(tmp_path / "old")
    plan = planned({"m1": host(old, *MASTER)})
    rescued(tmp_path / "whole", plan, old)
    whole_contents = contents(tmp_path / "whole")
    for moment in range(40):
        tree = tmp_path / f"at{moment}"
        with monkeypatch.context() as patch:
            patch.setattr(atomic_file, "write", killed_at(moment, atomic_file.write, counter := [0]))
            patch.setattr(atomic_file, "create", killed_at(moment, atomic_file.create, counter))
            patch.setattr(pathlib.Path, "unlink", killed_at(moment, pathlib.Path.unlink, counter))
            try:
                rescued(tree, plan, old)
            except Killed:
                pass
            else:
                break
        assert not tree.exists() or stat.S_IMODE(tree.stat().st_mode) == 0o700
        again = RescuedDirectory(Pki(tree, now=NOW), now=NOW)
        assert not again.complete
        again.refuse_if_used()
        assert rescued(tree, plan, old).complete
        assert contents(tree) == whole_contents
    assert moment > 10


def test_a_directory_that_is_not_lost_is_refused(tmp_path: pathlib.Path) -> None:
    whole(tmp_path)
    with pytest.raises(PkiError, match=r"has kubernetes-ca.crt, etcd-ca.crt, front-proxy-ca.crt already, so it is not lost"):
        RescuedDirectory(Pki(tmp_path), now=NOW).refuse_if_used()


def test_a_secret_that_is_there_already_must_be_the_same(tmp_path: pathlib.Path) -> None:
    old = whole(tmp_path / "old")
    (tmp_path / "pki").mkdir(mode=0o755)
    (tmp_path / "pki" / "encryption-config.yaml").write_text("of a backup")
    with pytest.raises(PkiError, match="is another one than hosts have"):
        rescued(tmp_path / "pki", planned({"m1": host(old, *MASTER)}), old)
    assert (tmp_path / "pki" / "encryption-config.yaml").read_text() == "of a backup"
    (tmp_path / "pki" / "encryption-config.yaml").write_text(str(old.served("encryption-config.yaml")))
    assert rescued(tmp_path / "pki", planned({"m1": host(old, *MASTER)}), old).complete


def test_a_front_proxy_that_no_host_has_begins_anew(tmp_path: pathlib.Path) -> None:
    old = whole(tmp_path / "old")
    names = [name for name in MASTER if name != "front-proxy-ca.crt"]
    rescued(tmp_path / "pki", planned({"m1": host(old, *names)}), old)
    signs(tmp_path / "pki", "front-proxy")
    assert not (tmp_path / "pki" / UNFINISHED).exists()


def test_a_key_that_alone_is_lost(tmp_path: pathlib.Path) -> None:
    """Without a rescue: who begins to replace an authority without its key has lost it."""
    filled(tmp_path)
    (tmp_path / "etcd-ca.key").unlink()
    with pytest.raises(PkiError, match=r"etcd-ca.key is missing"):
        Pki(tmp_path, now=NOW).sign("etcd", request(tmp_path), LEAF)
    Replacement(Pki(tmp_path, now=NOW), "etcd", now=NOW).accept()
    assert Pki(tmp_path, now=NOW).lost("etcd")
    Pki(tmp_path, now=NOW).sign("etcd", request(tmp_path), LEAF)
    for method in ("switch", "drop", "finish"):
        getattr(Replacement(Pki(tmp_path, now=NOW), "etcd", now=NOW), method)()
        assert not Pki(tmp_path, now=NOW).lost("etcd")
        if method == "switch":
            # the new key may be kept elsewhere at once
            (tmp_path / "etcd-ca.key").rename(tmp_path / "kept")
            assert Replacement(Pki(tmp_path, now=NOW), "etcd", now=NOW).phase == "switched"
            (tmp_path / "kept").rename(tmp_path / "etcd-ca.key")
    signs(tmp_path, "etcd")


def test_authorities_are_those_of_the_directory() -> None:
    assert tuple(f"{certs.authority_name(authority)}.crt" for authority in AUTHORITIES) == rescue.AUTHORITIES


def test_a_secret_leaves_a_host_only_covered(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"a secret word")
    payload = {"public": [str(tmp_path / "none")], "secret": [str(path)], "digest_key": "k", "record": str(tmp_path / "record")}
    found = on_host.run("collect", payload)
    assert found["texts"] == {str(tmp_path / "none"): None}
    assert found["secrets"][str(path)]["size"] == 13
    assert "word" not in str(found)
    assert found["secrets"] != on_host.run("collect", {**payload, "digest_key": "l"})["secrets"]
    cover = bytes(range(13))
    covered = on_host.run("cover", {"covers": {str(path): base64.b64encode(cover).decode()}})["covered"][str(path)]
    assert bytes(one ^ other for one, other in zip(base64.b64decode(covered), cover, strict=True)) == b"a secret word"
    path.write_bytes(b"longer than before")
    with pytest.raises(on_host.HostError, match="has changed since this run began"):
        on_host.run("cover", {"covers": {str(path): base64.b64encode(cover).decode()}})
