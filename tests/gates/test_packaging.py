# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as an archive: what it holds, and that it works where only the archive is."""

from __future__ import annotations

import pathlib
import tarfile

import pytest
import yaml

from .command import ROOT, run, tracked

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
NAME = f"{GALAXY['namespace']}.{GALAXY['name']}"
WRITTEN_BY_GALAXY = {"MANIFEST.json", "FILES.json"}
# would be in the archive if build_ignore forgot them
OF_A_USED_CHECKOUT = (
    "pki/kubernetes-ca.key",
    "kubeconfig",
    "alice.kubeconfig",
    ".kubeconfig.tmp",
    ".kubeconfig.0123abcd.tmp",
    "ssh_config",
    "group_vars/all/lab.yml",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of the checkout's files, with what a run leaves in an inventory: an archive is built in such a place."""
    directory = tmp_path_factory.mktemp("checkout")
    for name in [*tracked(), "COPYING"]:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    for name in OF_A_USED_CHECKOUT:
        target = directory / "inventories" / "lab" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("secret\n", encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def archive(checkout: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("archive")
    run("ansible-galaxy", "collection", "build", "--output-path", str(directory), directory=checkout)
    return directory / f"{GALAXY['namespace']}-{GALAXY['name']}-{GALAXY['version']}.tar.gz"


@pytest.fixture(scope="module")
def installed(archive: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A directory with the collection installed below it and nothing of the checkout."""
    directory = tmp_path_factory.mktemp("elsewhere")
    command = ["ansible-galaxy", "collection", "install", "--offline", str(archive), "--collections-path", str(directory / "collections")]
    run(*command, directory=directory, ANSIBLE_COLLECTIONS_PATH=str(directory / "collections"))
    return directory


@pytest.mark.slow
def test_archive_holds_files_of_the_project_only(archive: pathlib.Path) -> None:
    with tarfile.open(archive) as content:
        names = {member.name for member in content if not member.isdir()}
    assert names - WRITTEN_BY_GALAXY <= {*tracked(), "COPYING"}
    assert {"README.md", "LICENSES/GPL-3.0-or-later.txt", "meta/runtime.yml", "playbooks/site.yml", "plugins/action/component.py"} <= names
    assert not [
        name for name in names if name.startswith(("findings/", "lab/", "tests/", "tools/", "molecule/", ".")) and name != ".gitignore"
    ]


@pytest.mark.slow
def test_playbooks_work_where_only_the_archive_is(installed: pathlib.Path) -> None:
    collections = str(installed / "collections")
    inventory = str(ROOT / "inventories" / "lab")
    # Ansible takes no other name of a playbook in a collection than an identifier
    playbooks = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if path.stem.isidentifier())
    assert {"site", "remove_node"} <= set(playbooks)
    for playbook in playbooks:
        command = ["ansible-playbook", f"{NAME}.{playbook}", "--inventory", inventory]
        run(*command, "--syntax-check", directory=installed, ANSIBLE_COLLECTIONS_PATH=collections)
        tasks = run(*command, "--list-tasks", directory=installed, ANSIBLE_COLLECTIONS_PATH=collections)
        assert "Validate inventory and variables" in tasks


@pytest.mark.slow
def test_the_spec_resolves_where_only_the_archive_is(installed: pathlib.Path) -> None:
    """The plugins load from the installed collection: the one step that needs no host, and no variable of one's own."""
    playbook = installed / "resolve.yml"
    task = {"name": "Resolve", f"{NAME}.cluster_spec": None, "register": "cluster", "run_once": True}
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    output = run(
        "ansible-playbook",
        str(playbook),
        "--inventory",
        str(ROOT / "inventories" / "lab"),
        directory=installed,
        ANSIBLE_COLLECTIONS_PATH=str(installed / "collections"),
    )
    assert "failed=0" in output
