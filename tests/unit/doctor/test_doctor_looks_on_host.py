# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host tells the doctor, and that one group which fails costs no other. Runs on Python 3.9 too."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import threading
import time
import types
import typing as t

import pytest

from ansible_collections.barehost.kubernetes.plugins.module_utils._doctor import (
    disks,
    etcd,
    firewall,
    looks,
    machine,
    names,
    node,
    pod_network,
    runtime,
    selinux,
)
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import commands, nftables
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

MOUNTS = """\
1 0 8:1 / / rw,relatime shared:1 - xfs /dev/vda1 rw
2 1 8:2 / /data\\040one rw,noexec - ext4 /dev/vdb rw
3 1 0:5 / /data\\040one/etcd rw - nfs4 nas:/etcd ro,vers=4
"""
METRICS = """\
# HELP etcd_disk_wal_fsync_duration_seconds The latency
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.008"} 90
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.016"} 99
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.032"} 100
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 100
etcd_server_leader_changes_seen_total 3
process_start_time_seconds 1.7e+09
"""
DENIED = (
    'type=AVC msg=audit({moment}.123:45): avc:  denied  {{ write }} for  pid=7 comm="etcd" name="x" scontext=system_u:system_r:init_t:s0 '
    "tcontext=system_u:object_r:etc_t:s0 tclass=file permissive=0"
)


def group(look: t.Callable[[t.Any], t.Any]) -> types.ModuleType:
    made = types.ModuleType("group")
    made.look = look  # type: ignore[attr-defined]
    return made


def gathered(monkeypatch: pytest.MonkeyPatch, *, deadline: float = 5.0, **found: t.Callable[[t.Any], t.Any]) -> dict[str, t.Any]:
    monkeypatch.setattr(looks, "GROUPS", {name: group(look) for name, look in found.items()})
    return looks.run("collect", {"asked": {name: {} for name in found}, "deadline": deadline})


def failing(error: BaseException) -> t.Callable[[t.Any], t.Any]:
    def look(_asked: t.Any) -> t.Any:
        raise error

    return look


def test_a_group_that_fails_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = gathered(
        monkeypatch,
        well=lambda _asked: {"x": 1},
        refused=failing(HostError("it refuses")),
        system=failing(PermissionError(13, "Permission denied", "/x")),
        unexpected=failing(KeyError("nobody has thought of it")),
        large=lambda _asked: {"x": "y" * (looks.LARGEST + 1)},
        # what JSON does not know
        strange=lambda _asked: {"x": object()},
    )
    assert found["facts"] == {"well": {"x": 1}}
    assert found["gaps"]["refused"] == "it refuses"
    assert found["gaps"]["system"].startswith("/x: Permission denied")
    assert found["gaps"]["unexpected"].startswith("KeyError")
    assert "too much" in found["gaps"]["large"] and found["gaps"]["strange"].startswith("TypeError")
    assert set(found["facts"]) | set(found["gaps"]) == set(found["seconds"])
    json.dumps(found)


def test_nobody_waits_for_a_group_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    released, began = threading.Event(), time.monotonic()
    found = gathered(monkeypatch, deadline=0.3, hangs=lambda _asked: released.wait(30), well=lambda _asked: {})
    assert time.monotonic() - began < 5
    assert "did not end in time" in found["gaps"]["hangs"] and found["facts"] == {"well": {}}
    released.set()


def test_only_what_is_asked_is_gathered() -> None:
    assert set(looks.run("collect", {"asked": {"machine": {}}, "deadline": 5.0})["facts"]) == {"machine"}


def test_this_machine() -> None:
    found = machine.look({})
    assert found["processors"] >= 1 and found["memory"]["MemTotal"] > 1 << 20 and found["control_groups"]["version"] in (1, 2)


def test_a_machine_by_its_files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "etc/os-release": 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="10"\n',
        "etc/machine-id": "secret\n",
        "proc/meminfo": "MemTotal:  2048 kB\nMemAvailable: 1024 kB\n",
        "proc/sys/fs/file-nr": "10 0 100\n",
        "proc/sys/kernel/pid_max": "32768\n",
        "proc/pressure/io": "some avg10=0.00 avg60=1.00 avg300=42.50 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
        "sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "proc" / "17").mkdir()
    monkeypatch.setattr(machine, "ROOT", str(tmp_path))
    found = machine.look({})
    assert found["distribution"]["ID_LIKE"] == "rhel fedora" and found["distribution"]["VERSION_ID"] == "10"
    assert found["memory"] == {"MemTotal": 2048 << 10, "MemAvailable": 1024 << 10}
    assert (found["pressure"], found["processes"], found["most_processes"], found["files"]) == ({"io": 42.5}, 1, 32768, [10, 0, 100])
    assert found["control_groups"] == {"version": 2, "controllers": ["cpu", "memory"]}
    assert found["machine_id"] and "secret" not in json.dumps(found)


def test_file_systems(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(disks, "PROC", str(tmp_path))
    (tmp_path / "daemon.json").write_text(json.dumps({"data-root": str(tmp_path)}))
    found = disks.look({"paths": [["/", "root"], [str(tmp_path / "not" / "there"), "etcd"]], "docker": str(tmp_path / "daemon.json")})
    root, absent, docker = found["directories"]
    assert (root["mount"], root["kind"], root["options"], root["exists"]) == ("/", "xfs", [], True)
    assert (absent["exists"], docker["purpose"], docker["path"]) == (False, "docker", str(tmp_path))
    assert root["size"] >= root["free"] > 0 and found["gaps"] == []
    mounts = disks._mounts()
    assert disks._mount_of("/data one/etcd/member", mounts).kind == "nfs4"
    assert "noexec" in disks._mount_of("/data one/x", mounts).options
    assert "ro" in disks._mount_of("/data one/etcd", mounts).options


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"data-root": 7}', '{"data-root": "relative"}'])
def test_a_configuration_of_docker_that_names_no_directory(text: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "daemon.json").write_text(text)
    assert disks._data_roots(str(tmp_path / "daemon.json")) == []


def test_names(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").write_text("127.0.0.1 localhost\n# 192.0.2.9 no\n192.0.2.1 m1 m1.example # yes\n")
    (tmp_path / "etc" / "resolv.conf").write_text("# x\nnameserver 192.0.2.2\nsearch a b\nsearch c\n")
    (tmp_path / "etc" / "kubelet.yaml").write_text("resolvConf: /etc/other.conf\n")
    monkeypatch.setattr(names, "ROOT", str(tmp_path))
    found = names.look({"name": "localhost", "kubelet": "/etc/kubelet.yaml"})
    assert found["hosts"] == [["127.0.0.1", "localhost"], ["192.0.2.1", "m1", "m1.example"]]
    assert found["resolvers"]["/etc/resolv.conf"] == {"exists": True, "servers": ["192.0.2.2"], "search": ["c"]}
    assert (found["of_pods"], found["resolvers"]["/etc/other.conf"]["exists"]) == ("/etc/other.conf", False)
    assert names.look({"name": "localhost", "kubelet": ""})["of_pods"] == ""


def test_the_numbers_of_etcd() -> None:
    found = etcd._numbers(METRICS)
    assert (found["sync"], found["commit"], found["leader_changes"], found["started"]) == (0.016, None, 3.0, 1.7e9)
    assert etcd.quantile([(0.1, 0.0), (float("inf"), 0.0)], 0.99) is None
    assert etcd.quantile([(0.1, 5.0), (float("inf"), 10.0)], 0.99) is None


def test_a_host_without_etcd(tmp_path: pathlib.Path) -> None:
    access = {"ca": "/nowhere/ca", "cert": "/nowhere/c", "key": "/nowhere/k"}
    ways = {"client_url": "https://127.0.0.1:1", "peer_url": "https://127.0.0.1:1"}
    asked = {"host": "a", "url": "https://127.0.0.1:1", "metrics": "http://127.0.0.1:1", "access": access}
    (tmp_path / "s.json").write_text(json.dumps({"directory": str(tmp_path)}))
    (tmp_path / "x.snapshot").touch()
    found = etcd.look({**asked, "members": [{"host": "b", **ways}], "snapshots": str(tmp_path / "s.json")})
    assert found["own"]["members"] is None and "/nowhere/ca" in found["own"]["fault"]
    assert "refused" in found["metrics"]["fault"] and "refused" in found["ways"][0]["peer"]
    assert time.time() - found["snapshots"]["newest"] < 60


def test_errors_that_come_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['E1129 20:00:01.000001    1234 a.go:1] "it fails" err="x"'] * 7 + ["I1129 20:00:01.000001  1 b.go:2] well", "E no klog"]
    lines += ['E1129 20:00:01.000001    1234 c.go:3] "once"']
    monkeypatch.setattr(node, "run", lambda *_args, **_options: commands.Completed(0, "\n".join(lines), ""))
    assert node._errors("kubelet.service")["errors"] == [{"place": "a.go:1", "count": 7, "last": '"it fails" err="x"'}]
    monkeypatch.setattr(node, "run", lambda *_args, **_options: commands.Completed(127, "", "journalctl: program not found"))
    assert node._errors("kubelet.service")["gaps"]


def test_what_selinux_has_denied_since_the_boot(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(time.time())
    lines = [DENIED.format(moment=now)] * 3 + [DENIED.format(moment=7), "type=SYSCALL msg=audit(1.1:1): x"]
    (tmp_path / "audit.log").write_text("\n".join(lines))
    monkeypatch.setattr(selinux, "LOG", str(tmp_path / "audit.log"))
    wanted = {"program": "etcd", "of": "init_t", "to": "etc_t", "class": "file", "what": "write", "count": 3}
    assert selinux._denials([]) == [wanted]
    monkeypatch.setattr(selinux, "LOG", str(tmp_path))
    gaps: list[str] = []
    assert selinux._denials(gaps) == [] and gaps
    monkeypatch.setattr(selinux, "LOG", str(tmp_path / "none"))
    assert selinux._denials([]) == []


def test_a_host_without_docker(tmp_path: pathlib.Path) -> None:
    (tmp_path / "10-flannel.conflist").touch()
    (tmp_path / "x.new").touch()
    sockets = {"docker": str(tmp_path / "d.sock"), "cri": str(tmp_path / "c.sock")}
    units = {"docker": "seeded-docker.service", "cri": "seeded-cri.service"}
    found = runtime.look({**sockets, "units": units, "program": str(tmp_path / "none"), "cni": str(tmp_path)})
    assert found["docker"]["fault"] and found["cri"] == {"fault": "No such file or directory", "version": ""}
    assert found["cni"] == ["10-flannel.conflist"] and found["logs"] == []


def test_a_docker_that_is_stopped_is_not_started_by_a_look(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket, which systemd holds, would start it for whoever connects."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "d.sock"))
        server.listen()
        states = [{"known": True, "active": active} for active in ("inactive", "active")]
        monkeypatch.setattr(runtime.units, "found_all", lambda _units: states)
        asked = {"docker": str(tmp_path / "d.sock"), "cri": str(tmp_path / "c.sock"), "program": "none", "cni": str(tmp_path)}
        found = runtime.look({**asked, "units": {"docker": "docker.service", "cri": "cri.service"}})
        assert found["docker"] == {"fault": "docker.service is inactive"}
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_large_logs(tmp_path: pathlib.Path) -> None:
    for name, size in (("a", 2 << 30), ("b", 10)):
        (tmp_path / "containers" / name).mkdir(parents=True)
        with open(tmp_path / "containers" / name / f"{name}-json.log", "wb") as file:
            file.truncate(size)
    (found,) = runtime._logs(str(tmp_path))
    assert found["size"] == 2 << 30 and found["path"].endswith("a-json.log")


def test_a_name_server_that_is_not_there() -> None:
    assert pod_network._resolve("127.0.0.1", "x.local").startswith("no answer")


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (commands.Completed(0, "table ip nat\ntable inet firewalld\n", ""), (["ip nat", "inet firewalld"], "")),
        (commands.Completed(0, "", ""), ([], "")),
        (commands.Completed(127, "", "nft: program not found"), ([], "nft: program not found")),
    ],
)
def test_tables_of_nftables(monkeypatch: pytest.MonkeyPatch, done: commands.Completed, told: tuple[list[str], str]) -> None:
    monkeypatch.setattr(nftables, "run", lambda *_arguments, **_options: done)
    tables, fault = told
    assert firewall._nftables("inet barehost") == {"tables": tables, "fault": fault, "emptied": False}


@pytest.mark.parametrize(
    ("done", "emptied"),
    [
        (commands.Completed(0, "table inet barehost {\n\tchain pods {\n\t\ttcp dport 22 reject\n\t}\n}\n", ""), False),
        (commands.Completed(0, "table inet barehost {\n\tchain pods {\n\t}\n}\n", ""), True),
        (commands.Completed(1, "", "Operation not permitted"), False),
    ],
)
def test_a_table_without_rules(monkeypatch: pytest.MonkeyPatch, done: commands.Completed, emptied: bool) -> None:
    listed = commands.Completed(0, "table inet barehost\n", "")
    monkeypatch.setattr(nftables, "run", lambda *_arguments, **_options: listed)
    monkeypatch.setattr(firewall, "run", lambda *_arguments, **_options: done)
    assert firewall._nftables("inet barehost")["emptied"] is emptied


def test_addresses_of_pods(tmp_path: pathlib.Path) -> None:
    for name in ("10.255.1.2", "10.255.1.3", "last_reserved_ip.0", "lock"):
        (tmp_path / name).touch()
    assert pod_network._addresses(str(tmp_path)) == 2
    assert pod_network._addresses(str(tmp_path / "none")) == 0


def test_the_user_is_told() -> None:
    assert looks.run("collect", {"asked": {}, "deadline": 1.0})["root"] == (os.geteuid() == 0)
