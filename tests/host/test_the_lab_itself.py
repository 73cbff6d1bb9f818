# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own promises: what its commands do, and that nothing is left of it, killed or not.

Its name comes last in this folder: it takes down the host that the tests of the engine share.
"""

from __future__ import annotations

import collections.abc
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from barelab import names

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "lab"
SAVE = names.own("test-two-hosts")
ONE, TWO = "one.example", "two.example"
INVENTORY = {"all": {"hosts": {ONE: {"ansible_host": "192.168.200.121"}, TWO: {"ansible_host": "192.168.200.122"}}}}

# What hosts send to other networks, and what of all that goes out by no cable of theirs.
WATCHED = """table inet watched {
    counter tried { }
    counter left { }
    chain prerouting {
        type filter hook prerouting priority 0
        iifname br0 ip daddr { 192.0.2.0/24, 198.51.100.0/24 } counter name tried
    }
    chain forward {
        type filter hook forward priority 0
        oifname != { lo, br0, "host*" } counter name left
    }
    chain postrouting {
        type filter hook postrouting priority 0
        oifname != { lo, br0, "host*" } counter name left
    }
}"""


def lab(*arguments: str, check: bool = True, text: str | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(LAB), *arguments], cwd=ROOT, text=True, capture_output=True, check=False, input=text or "", timeout=1800)
    assert not check or done.returncode == 0, f"lab/lab {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def remains() -> list[str]:
    """Namespaces, mounts, control groups and machine processes that only a lab makes."""
    namespaces = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True, check=True).stdout.split()
    mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    groups = [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"*/{names.own('barehost-lab')}")]
    network, disks = names.own("lab"), f"barehost-lab/{names.own('hosts')}/"
    ours = [name for name in namespaces if name == network or name.startswith(f"{network}-host-")]
    return ours + [path for path in mounts if disks in path] + groups


def watched() -> dict[str, int]:
    """Packets by counter."""
    told = json.loads(lab("run", "nft", "--json", "list", "counters").stdout)["nftables"]
    return {entry["counter"]["name"]: entry["counter"]["packets"] for entry in told if "counter" in entry}


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("two-hosts")
    (directory / "hosts.yml").write_text(json.dumps(INVENTORY), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def hosts(inventory: pathlib.Path) -> collections.abc.Iterator[None]:
    """Brought up after a run that was killed in the middle, as a user's next command would."""
    killed = subprocess.Popen([str(LAB), "up", str(inventory)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)  # in the middle: the hosts are booting
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    try:
        lab("up", str(inventory))
        yield
    finally:
        lab("down")


@pytest.mark.usefixtures("hosts")
class TestCommands:
    """In this order; each leaves the hosts as it found them."""

    def test_status(self) -> None:
        status = json.loads(lab("status", "--json").stdout)
        assert {host["name"]: (host["address"], host["state"]) for host in status["hosts"]} == {
            ONE: ("192.168.200.121", "running"),
            TWO: ("192.168.200.122", "running"),
        }

    def test_exec_passes_input_output_and_exit_status(self) -> None:
        done = lab("exec", ONE, "sh", "-c", "cat; hostname; exit 7", check=False, text="spoken\n")
        assert (done.returncode, done.stdout) == (7, f"spoken\n{ONE}\n")

    def test_run_is_inside_the_labs_network(self) -> None:
        addresses = lab("run", "ip", "-oneline", "address").stdout
        assert " 192.168.200.1/24 " in addresses
        here = subprocess.run(["ip", "-oneline", "address"], text=True, capture_output=True, check=True).stdout
        assert " 192.168.200.1/24 " not in here

    def test_no_way_leads_out(self) -> None:
        """So every installation of these tests is one without the internet."""
        links = json.loads(lab("run", "ip", "-json", "link").stdout)
        assert {link["ifname"] for link in links} == {"lo", "br0", "host121", "host122"}
        assert [route["dst"] for route in json.loads(lab("run", "ip", "-json", "route").stdout)] == ["192.168.200.0/24"]
        assert lab("run", "cat", "/proc/sys/net/ipv4/ip_forward").stdout.strip() == "0"
        lab("run", "nft", WATCHED)
        try:
            outside = "curl --silent --max-time 3 http://192.0.2.1/; ping -c 2 -W 1 198.51.100.1"
            assert lab("exec", ONE, "sh", "-c", outside, check=False).returncode != 0
            packets = watched()
            assert packets["tried"] >= 3 and packets["left"] == 0
            way_out = "ip link add out type veth peer name far; ip address add 192.0.2.1/24 dev out; ip link set out up; ip link set far up"
            lab("run", "sh", "-c", f"{way_out}; bash -c 'echo > /dev/udp/192.0.2.2/9'; sleep 1; ip link delete out")
            assert watched()["left"] > 0, "it would be counted"
        finally:
            lab("run", "nft", "delete table inet watched")

    def test_cut_and_heal(self) -> None:
        ping = ("exec", ONE, "ping", "-c", "1", "-W", "2", "192.168.200.122")
        assert lab(*ping, check=False).returncode == 0
        lab("cut", ONE, TWO)
        assert lab(*ping, check=False).returncode != 0
        assert lab("run", "bash", "-c", "exec 3<>/dev/tcp/192.168.200.121/22", check=False).returncode == 0
        lab("heal")
        assert lab(*ping, check=False).returncode == 0

    def test_a_power_cut_keeps_the_disk(self) -> None:
        lab("exec", TWO, "sh", "-c", "echo kept > /root/file; echo kept > /var/lib/file; sync; touch /run/gone")
        lab("stop", TWO)
        assert {host["name"]: host["state"] for host in json.loads(lab("status", "--json").stdout)["hosts"]}[TWO] == "stopped"
        lab("start", TWO)
        assert lab("exec", TWO, "cat", "/root/file", "/var/lib/file").stdout == "kept\nkept\n"
        assert lab("exec", TWO, "test", "-e", "/run/gone", check=False).returncode == 1

    def test_logs(self, tmp_path: pathlib.Path) -> None:
        lab("logs", str(tmp_path))
        assert {ONE, TWO} <= {host for path in tmp_path.rglob("*") for host in (ONE, TWO) if host in str(path) and path.is_file()}

    def test_hosts_are_what_ansible_takes_for_centos(self) -> None:
        release = lab("exec", ONE, "cat", "/etc/os-release").stdout
        assert 'ID="centos"' in release
        assert lab("exec", ONE, "rpm", "-q", "docker-ce", "chrony", check=False).returncode != 0
        assert lab("exec", ONE, "dnf", "-q", "info", "docker-ce").returncode == 0

    def test_a_save_brings_the_hosts_back(self, inventory: pathlib.Path, tmp_path: pathlib.Path) -> None:
        """With their disks, keys and identities, and what playbooks made beside the inventory; in two labs at the same time."""
        born, other = inventory / "pki" / "of-the-cluster", tmp_path / "inventory"
        born.parent.mkdir()
        born.write_text("made by a playbook", encoding="utf-8")
        shutil.copytree(inventory, other, ignore=shutil.ignore_patterns("pki"))
        lab("exec", ONE, "sh", "-c", "echo saved > /root/file; echo saved > /var/lib/file; rm /etc/motd")
        asked = "cat /root/file /var/lib/file /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; ls /etc/motd"
        before = lab("exec", ONE, "sh", "-c", asked, check=False).stdout
        try:
            lab("save", SAVE)
            assert lab("exec", ONE, "sh", "-c", asked, check=False).stdout == before, "the hosts do not go on as they were"
            lab("exec", ONE, "sh", "-c", "echo later > /root/file; echo later > /var/lib/file; echo later > /etc/motd")
            shutil.rmtree(born.parent)
            second = {**os.environ, "BAREHOST_LAB": os.environ.get("BAREHOST_LAB", "") + "b"}
            beside = subprocess.Popen([str(LAB), "up", str(other), "--from", SAVE], cwd=ROOT, env=second, stderr=subprocess.DEVNULL)
            try:
                lab("up", "--from", SAVE)
                assert beside.wait(timeout=300) == 0
                again = subprocess.run(
                    [str(LAB), "exec", ONE, "sh", "-c", asked], env=second, text=True, capture_output=True, check=False, timeout=60
                )
                assert again.stdout == before
                assert (other / "pki" / born.name).exists()
            finally:
                beside.kill()
                beside.wait()
                subprocess.run([str(LAB), "down"], env=second, check=True, capture_output=True, timeout=60)
            assert lab("exec", ONE, "sh", "-c", asked, check=False).stdout == before
            assert born.read_text(encoding="utf-8") == "made by a playbook"
            assert lab("ssh", ONE, "hostname").stdout == f"{ONE}\n"
            assert f"hosts of a lab run from the save {SAVE}" in lab("forget", SAVE, check=False).stderr
        finally:
            shutil.rmtree(born.parent, ignore_errors=True)


def test_nothing_is_left(inventory: pathlib.Path, hosts: None) -> None:
    assert remains(), "the test looks for the wrong things"
    lab("down")
    assert remains() == []
    lab("forget", SAVE)
    assert SAVE not in lab("saved").stdout
    assert sorted(path.name for path in inventory.rglob("*") if path.is_file()) == ["hosts.yml"]
