# SPDX-License-Identifier: GPL-3.0-or-later
"""Images, the servers of the lab's network, and our own small programs."""

from __future__ import annotations

import gzip
import io
import json
import os
import pathlib
import shutil
import socket
import stat
import struct
import subprocess
import tarfile

import pytest

from barelab import images_oci, registry, releases, services, services_ntp
from barelab.images_oci import Entry

ENTRIES = {
    "/usr/bin/program": Entry(content=b"\x7fELF", mode=0o755, capability=images_oci.NET_BIND_SERVICE),
    "/bin/sh": Entry(link="../usr/bin/program", mode=0o777),
    "/data": Entry(mode=0o1777, owner=999),
}


def test_an_image_is_the_same_from_the_same_contents(tmp_path: pathlib.Path) -> None:
    for name, entries in (("one", ENTRIES), ("two", dict(reversed(ENTRIES.items())))):
        (tmp_path / name).mkdir()
        images_oci.write(folder=tmp_path / name, entries=entries, config={"Cmd": ["/bin/sh"]})
    assert images_oci.manifest(tmp_path / "one") == images_oci.manifest(tmp_path / "two")


def test_an_image_is_what_its_manifest_says(tmp_path: pathlib.Path) -> None:
    images_oci.write(folder=tmp_path, entries=ENTRIES, config={"Cmd": ["/bin/sh"]})
    layer, config = images_oci.blobs(tmp_path)
    for blob in (layer, config):
        assert images_oci.digest(blob.read_bytes()) == blob.name
    description = json.loads(config.read_bytes())
    plain = gzip.decompress(layer.read_bytes())
    assert description["rootfs"]["diff_ids"] == [images_oci.digest(plain)]
    assert (description["os"], description["config"]) == ("linux", {"Cmd": ["/bin/sh"]})
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        members = {item.name: item for item in archive}
    assert list(members) == ["bin", "bin/sh", "data", "usr", "usr/bin", "usr/bin/program"]
    assert members["bin/sh"].linkname == "../usr/bin/program"
    assert (members["data"].mode, members["data"].uid, members["data"].isdir()) == (0o1777, 999, True)
    capability = members["usr/bin/program"].pax_headers["SCHILY.xattr.security.capability"].encode("latin-1")
    assert struct.unpack("<IIIII", capability) == (0x02000001, 1 << 10, 0, 0, 0)


def test_the_time_server_answers_clients_only() -> None:
    request = struct.pack(">B47x", 4 << 3 | 3)[:40] + struct.pack(">Q", 0x1122334455667788)
    reply = services_ntp.answer(request, received=1000.5, now=lambda: 1000.75)
    assert reply is not None
    first, stratum, *_rest, reference, origin, received, sent = struct.unpack(">BBbbII4sQQQQ", reply)
    assert (first >> 3 & 7, first & 7, stratum) == (4, 4, 8)
    assert origin == 0x1122334455667788
    assert (received, sent) == ((2_208_988_800 + 1000 << 32) + (1 << 31), (2_208_988_800 + 1000 << 32) + (3 << 30))
    assert reference == received
    assert services_ntp.answer(reply, received=0.0, now=lambda: 0.0) is None, "answering answers would never end"
    assert services_ntp.answer(request[:20], received=0.0, now=lambda: 0.0) is None


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_listening_socket_is_seen(protocol: str) -> None:
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    table = pathlib.Path(f"/proc/self/net/{protocol}")
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if protocol == "tcp":
            server.listen()
        port = server.getsockname()[1]
        assert services.listens(table.read_text(), address="127.0.0.1", port=port, protocol=protocol)
        assert not services.listens(table.read_text(), address="127.0.0.2", port=port, protocol=protocol)
    assert not services.listens(table.read_text(), address="127.0.0.1", port=port, protocol=protocol)


def test_the_variables_name_the_services() -> None:
    found = services.variables("10.1.2.1")
    assert found["cluster_mirror"] == "http://10.1.2.1:8080"
    assert found["cluster_image_registry"] == "10.1.2.1:5000"
    assert found["host_ntp_servers"] == ["10.1.2.1"]


def test_the_mirror_is_made_of_links_and_forgets_the_dangling(tmp_path: pathlib.Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name / "host").mkdir(parents=True)
        (tmp_path / name / "host" / name).write_text(name)
    packages = {pathlib.Path("rpm"): tmp_path / "packages"}
    packages[pathlib.Path("rpm")].mkdir()
    mirror = tmp_path / "mirror"
    services._link_mirror(mirror, programs=[tmp_path / "old"], packages=packages)
    services._link_mirror(mirror, programs=[tmp_path / "new"], packages=packages)
    assert sorted(os.listdir(mirror / "host")) == ["new", "old"], "a version that was offered stays: hosts may still ask for it"
    shutil.rmtree(tmp_path / "old")
    services._link_mirror(mirror, programs=[tmp_path / "new"], packages=packages)
    assert os.listdir(mirror / "host") == ["new"]
    assert (mirror / "rpm").resolve() == tmp_path / "packages"


def test_the_registry_has_a_certificate_for_its_address(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = registry.certificates("10.1.2.1")
    assert sorted(file.name for file in folder.iterdir()) == ["ca.crt", "server.crt", "server.key"], "the authority's key is not kept"
    assert stat.S_IMODE((folder / "server.key").stat().st_mode) == 0o600
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "10.1.2.1", "-CAfile", "ca.crt", "server.crt"]
    subprocess.run(verify, cwd=folder, check=True, capture_output=True)
    before = (folder / "server.crt").read_bytes()
    assert (registry.certificates("10.1.2.1") / "server.crt").read_bytes() == before, "made once"


def test_our_own_programs(tmp_path: pathlib.Path) -> None:
    directory = releases.LAB / "images"
    for command in (["vet", "./..."], ["test", "./..."]):
        done = subprocess.run(["go", *command], cwd=directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(["gofmt", "-l", "."], cwd=directory, capture_output=True, text=True, check=True)
    assert done.stdout == ""
