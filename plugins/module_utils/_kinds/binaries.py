# Copyright (c) 2026 The barehost.kubernetes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource kind ``binary``: released programs, downloaded, verified, kept under their version, and switched by a symbolic link.

What each file of a release is, is recorded (digest of the download it came with; its own size, time and digest), so
that nothing needs the network, or reading a program, to be known as right.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import posixpath
import stat
import typing as t

from ansible_collections.barehost.kubernetes.plugins.module_utils._kinds import binary_checksums
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime import atomic, http_download, locations, selinux_labels
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.digests import sha256_of_file
from ansible_collections.barehost.kubernetes.plugins.module_utils._runtime.errors import HostError

PARALLEL = 4
MODE = 0o755

_NAMES_SHOWN = 10
# What the kernel calls a processor, and its number in the head of a program (elf.h)
_MACHINES = {"x86_64": 62, "aarch64": 183}


def versioned(item: dict[str, t.Any], install: dict[str, t.Any]) -> str:
    """The versioned path of a program. The path without version is a link to it."""
    if item.get("store"):
        return os.path.join(str(item["store"]), os.path.basename(install["path"]))
    return f"{install['path']}-{item['version']}"


def collect(items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return [_state(item) for item in items]


def apply(actions: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Downloads everything first, in parallel. Switches links and removes old releases only after all downloads are complete.

    The caller holds the host lock: two runs must not write the same partial file.
    """
    digests = _install_releases([action["data"] for action in actions if action["operation"] == "download"])
    for action in actions:
        if action["operation"] != "download":
            _OPERATIONS[action["operation"]](action["data"])
    # The controller records by which digest a download was proven, where it could not know one itself.
    return [{"sha256": digests[_key(action["data"])]} if action["operation"] == "download" else {} for action in actions]


def _key(data: dict[str, t.Any]) -> str:
    """Files of the same download have the same."""
    return json.dumps(data["release"], sort_keys=True)


def _state(item: dict[str, t.Any]) -> dict[str, t.Any]:
    record = _read_record(item["name"], item["version"])
    return {
        "files": [_file_state(versioned(item, install), install, record) for install in item["install"]],
        "releases": _releases(item["name"]),
    }


def _file_state(file: str, install: dict[str, t.Any], record: dict[str, t.Any]) -> dict[str, t.Any]:
    recorded = record["files"].get(file)
    content, found = _content_state(file, install, recorded)
    return {
        "path": install["path"],
        "file": file,
        "link": _link(atomic.file_state(install["path"])),
        "also": _link(atomic.file_state(install["also"])) if install.get("also") else "",
        "content": content,
        "found": found,
        "download": recorded["download"] if recorded else None,
        "mode": atomic.file_state(file).get("mode"),
    }


def _content_state(file: str, install: dict[str, t.Any], recorded: dict[str, t.Any] | None) -> tuple[str, str]:
    """("ok" | "absent" | "differs", what was found)."""
    try:
        found = os.lstat(file)
    except FileNotFoundError:
        return "absent", "absent"
    if not stat.S_ISREG(found.st_mode):
        return "differs", "it is not a regular file"
    if recorded is None or recorded["member"] != install.get("member"):
        return "differs", "where it came from is not recorded"
    if (found.st_size, found.st_mtime_ns) == (recorded["size"], recorded["mtime_ns"]):
        return "ok", ""
    digest = sha256_of_file(file)
    return (
        ("ok", "") if digest == recorded["sha256"] else ("differs", f"its sha256 is {digest}, it was installed with {recorded['sha256']}")
    )


def _link(found: dict[str, t.Any]) -> str:
    """What is at a path: empty if nothing is there, "-> target" for a link, else the type of the file."""
    if found["type"] == "link":
        return f"-> {found['target']}"
    return "" if found["type"] == "absent" else f"a {found['type']} that is not a link"


def _releases(name: str) -> list[dict[str, t.Any]]:
    """All recorded releases of that name; the last one installed comes last."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(_records()):
            if entry.name.startswith(f"{name}-") and entry.name.endswith(".json"):
                record = _load_record(entry.path)
                if record.get("name") == name:
                    release = {"version": record["version"], "files": sorted(record["files"])}
                    found.append((entry.stat().st_mtime_ns, record["version"], release))
    return [release for _time, _version, release in sorted(found, key=lambda entry: entry[:2])]


def _records() -> str:
    return os.path.join(locations.STATE_DIRECTORY, "binaries")


def _record_path(name: str, version: str) -> str:
    return os.path.join(_records(), f"{name}-{version}.json")


def _read_record(name: str, version: str) -> dict[str, t.Any]:
    return _load_record(_record_path(name, version)) or {"name": name, "version": version, "files": {}}


def _load_record(path: str) -> dict[str, t.Any]:
    """A record; an empty one if it is missing or broken, so that the release is downloaded again."""
    try:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    complete = isinstance(record, dict) and {"name", "version", "files"} <= set(record)
    return record if complete else {}


def _write_record(record: dict[str, t.Any]) -> None:
    path = _record_path(record["name"], record["version"])
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    atomic.write(path, json.dumps(record, indent=1, sort_keys=True).encode(), ownership=_ownership("0644"))


def _install_releases(wanted: list[dict[str, t.Any]]) -> dict[str, str]:
    """The digest of each download."""
    import concurrent.futures  # imported here, because most calls only collect

    releases: dict[str, list[dict[str, t.Any]]] = {}
    for data in wanted:
        # Before the threads start: they would create the same directory at the same time.
        atomic.make_parents(data["file"])
        releases.setdefault(_key(data), []).append(data)
    with concurrent.futures.ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        running = {key: pool.submit(_install_release, files[0]["release"], files) for key, files in releases.items()}
    failures = [failure for failure in (future.exception() for future in running.values()) if failure is not None]
    for failure in failures:
        if not isinstance(failure, HostError):
            raise failure
    if failures:
        raise HostError("\n".join(str(failure) for failure in failures))
    return {key: future.result() for key, future in running.items()}


def _install_release(release: dict[str, t.Any], files: list[dict[str, t.Any]]) -> str:
    url, sha256 = release["url"], _wanted_digest(release)
    stem = f"{release['name']}-{release['version']}-"
    if [data["member"] for data in files] == [None]:
        # The download is the program itself, so it goes beside its place at once. A part that a killed run left is resumed.
        part = atomic.beside(files[0]["file"])
        if not os.path.isfile(part) or os.path.islink(part):
            atomic.cleared_beside(files[0]["file"])
        _remove_parts(stem)
    else:
        # The name holds the wanted digest, so that a partial file is never resumed with the bytes of another file.
        part = os.path.join(locations.STATE_DIRECTORY, "downloads", f"{stem}{sha256[:16]}.part")
        _remove_parts(stem, keep=part)
    http_download.download(url, part, sha256, remedy=release.get("remedy") or "")
    try:
        installed = _install_files(part, files, url=url, sha256=sha256)
    except OSError as error:
        raise HostError(
            f"{release['name']} {release['version']} cannot be installed: {error.filename or files[0]['file']}: {error.strerror}. "
            "What runs is untouched. Free some space or mend the file system, and run again."
        ) from None
    record = _read_record(release["name"], release["version"])
    entries = {file: {**entry, "download": sha256} for file, entry in installed.items()}
    _write_record({**record, "files": {**record["files"], **entries}})
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    return sha256


def _wanted_digest(release: dict[str, t.Any]) -> str:
    if release["sha256"]:
        return str(release["sha256"]).lower()
    if release["checksum_url"]:
        import urllib.parse  # imported here, as above

        return binary_checksums.fetch_checksum(release["checksum_url"], posixpath.basename(urllib.parse.urlsplit(release["url"]).path))
    raise HostError(f"{release['name']} {release['version']}: nothing says what its checksum is. Give sha256 or checksum_url.")


def _remove_parts(stem: str, *, keep: str = "") -> None:
    directory = os.path.join(locations.STATE_DIRECTORY, "downloads")
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(directory):
            if name.startswith(stem) and os.path.join(directory, name) != keep:
                os.unlink(os.path.join(directory, name))


def _install_files(download: str, files: list[dict[str, t.Any]], *, url: str, sha256: str) -> dict[str, dict[str, t.Any]]:
    installed = {}
    if download == atomic.beside(files[0]["file"]):
        return {files[0]["file"]: _put_in_place(download, sha256, files[0])}
    for data in files:
        if data["member"] is None:
            with open(download, "rb") as source:
                installed[data["file"]] = _install_file(source, os.path.getsize(download), data)
    members: dict[str, list[dict[str, t.Any]]] = {}
    for data in files:
        if data["member"] is not None:
            members.setdefault(_plain(data["member"]), []).append(data)
    if members:
        installed.update(_install_members(download, members, url=url))
    return installed


def _install_members(download: str, wanted: dict[str, list[dict[str, t.Any]]], *, url: str) -> dict[str, dict[str, t.Any]]:
    """Extracts in one pass. Only the contents of the named members are used: no name, mode or link from the archive."""
    import tarfile  # imported here, as above

    installed: dict[str, dict[str, t.Any]] = {}
    missing, seen = set(wanted), []
    try:
        with tarfile.open(download, "r:*") as archive:
            for member in archive:
                name = _plain(member.name)
                seen.append(name)
                if name not in missing:
                    continue
                if not member.isreg():
                    raise HostError(f"{http_download.shown(url)}: {name} in it is not a regular file. Check member: of this release.")
                for data in wanted[name]:
                    installed[data["file"]] = _install_file(t.cast(t.IO[bytes], archive.extractfile(member)), member.size, data)
                missing.discard(name)
                if not missing:
                    return installed
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise HostError(
            f"{http_download.shown(url)}: not a tar archive that can be read ({error}), though its checksum is right."
        ) from None
    shown = ", ".join(seen[:_NAMES_SHOWN]) + (", …" if len(seen) > _NAMES_SHOWN else "")
    raise HostError(
        f"{http_download.shown(url)}: {', '.join(sorted(missing))} not in it; it holds {shown or 'nothing'}. "
        "Correct member: of this release."
    )


def _plain(member: str) -> str:
    return posixpath.normpath(member).lstrip("/")


def _install_file(source: t.IO[bytes], size: int, data: dict[str, t.Any]) -> dict[str, t.Any]:
    """Writes one program to its versioned path."""
    file = data["file"]
    http_download.ensure_space(os.path.dirname(file), size, needed_for=file)
    digest = hashlib.sha256()
    with atomic.replacing(file, ownership=_ownership(f"{MODE:04o}"), check=lambda path: _require_machine(path, file)) as target:
        for block in iter(lambda: source.read(http_download.BLOCK), b""):
            digest.update(block)
            target.write(block)
    return _recorded(digest.hexdigest(), data)


def _put_in_place(downloaded: str, sha256: str, data: dict[str, t.Any]) -> dict[str, t.Any]:
    """Renames the complete download, which is beside its path already, so that a reader sees all of it or nothing."""
    file = data["file"]
    try:
        _require_machine(downloaded, file)
    except HostError:
        os.unlink(downloaded)
        raise
    with open(downloaded, "rb") as written:
        os.fchmod(written.fileno(), MODE)
        os.fsync(written.fileno())
    selinux_labels.apply(downloaded, as_path=file)
    os.rename(downloaded, file)
    atomic.sync_directory(os.path.dirname(file))
    return _recorded(sha256, data)


def _require_machine(path: str, file: str) -> None:
    """Raises HostError for a program of another kind of processor, before it takes the place of one that runs (elf(5): e_machine)."""
    with open(path, "rb") as program:
        head = program.read(20)
    host, number = os.uname().machine, int.from_bytes(head[18:20], "little")
    found = next((name for name, known in _MACHINES.items() if known == number and head.startswith(b"\x7fELF")), host)
    if found != host and host in _MACHINES:
        raise HostError(
            f"{file} is a program for {found}, and this host is {host}. What runs is untouched. Correct cluster_architecture "
            "(amd64 is x86_64, arm64 is aarch64)"
        )


def _ownership(mode: str) -> atomic.Ownership:
    return atomic.Ownership(str(os.geteuid()), str(os.getegid()), mode)


def _recorded(sha256: str, data: dict[str, t.Any]) -> dict[str, t.Any]:
    """What the record says of an installed file."""
    found = os.lstat(data["file"])
    return {
        "member": data["member"],
        "path": data["path"],
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "sha256": sha256,
    }


def _switch(data: dict[str, t.Any]) -> None:
    atomic.link(data["path"], data["file"])


def _set_mode(data: dict[str, t.Any]) -> None:
    os.chmod(data["file"], MODE)


def _prune(data: dict[str, t.Any]) -> None:
    """Removes a recorded release, except files to which a link still points."""
    # Left by a run that was killed at the end of its download.
    _remove_parts(f"{data['name']}-{data['version']}-")
    record = _read_record(data["name"], data["version"])
    for file, entry in record["files"].items():
        if atomic.file_state(entry["path"]).get("target") == file:
            continue
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
        _remove_empty_store(os.path.dirname(file), data["version"])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_record_path(data["name"], data["version"]))


def _remove_empty_store(directory: str, version: str) -> None:
    """Removes a store's empty directories, up to the one whose name has the version."""
    with contextlib.suppress(OSError):
        while version in directory:
            # A killed run may have removed the lower directories already.
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(directory)
            directory = os.path.dirname(directory)


_OPERATIONS = {"switch": _switch, "link": _switch, "set-mode": _set_mode, "prune": _prune}
