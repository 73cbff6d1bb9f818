# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of the lab's registry, made of what the lab has: its builds, its own small programs and Debian's packages."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

from barelab import artifacts, built_folders, images_debian, images_oci
from barelab.artifacts_progress import report, working
from barelab.builds import COMMON_FLAGS, STRIP, go, go_version
from barelab.errors import LabError
from barelab.images_oci import Entry
from barelab.releases import LAB, Program, architecture, program, versions

_SOURCES = LAB / "images"
_NOBODY = 65532
_REDIS = 999
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_REDIS_CONFIGURATION = """\
# Reached by other pods, by name; nothing is kept beyond the pod's life.
bind * -::*
protected-mode no
dir /data
save ""
appendonly no
locale-collate C
# Replicas are small: the first need not wait for others.
repl-diskless-sync-delay 0
"""


@dataclasses.dataclass(frozen=True)
class Image:
    """An image in the cache."""

    # Repository and tag, without the registry.
    reference: str
    folder: pathlib.Path


@dataclasses.dataclass(frozen=True)
class Definition:
    reference: str
    # What decides what comes out.
    words: tuple[str, ...]
    sources: tuple[pathlib.Path, ...]
    entries: t.Callable[[], dict[str, Entry]]
    config: t.Mapping[str, t.Any]


def definitions(releases: t.Iterable[tuple[Program, str]]) -> list[Definition]:
    return [
        _of_our_program("pause", config={"Entrypoint": ["/pause"], "User": "65535:65535"}),
        _of_our_program("hello-world", config={"Cmd": ["/hello-world"]}),
        _of_our_program(
            "guestbook-frontend",
            config={"Entrypoint": ["/guestbook-frontend"], "User": f"{_NOBODY}:{_NOBODY}", "ExposedPorts": {"8080/tcp": {}}},
        ),
        *(_coredns(version) for item, version in releases if item.name == "coredns"),
        _busybox(),
        _redis(),
    ]


def ensure(releases: t.Iterable[tuple[Program, str]]) -> list[Image]:
    """All images, with those of these releases; made now if the cache has them not."""
    return [_ensure_one(definition) for definition in definitions(releases)]


def _ensure_one(definition: Definition) -> Image:
    here = pathlib.Path(__file__).parent
    sources = [*definition.sources, here / "images.py", here / "images_debian.py", here / "images_oci.py"]
    digest = built_folders.digest_of(paths=sources, words=(definition.reference, architecture(), *definition.words))
    kind = "images/" + definition.reference.replace("/", "_").replace(":", "_")

    def build(folder: pathlib.Path) -> None:
        with working(f"making image {definition.reference}"):
            images_oci.write(folder=folder, entries=definition.entries(), config=definition.config)

    return Image(reference=definition.reference, folder=built_folders.ensure(kind=kind, digest=digest, build=build, progress=report))


def _of_our_program(name: str, *, config: t.Mapping[str, t.Any]) -> Definition:
    tag = versions()["images"][name]

    def entries() -> dict[str, Entry]:
        with images_debian.scratch() as folder:
            binary = folder / name
            flags = [*COMMON_FLAGS, "-mod=readonly", "-ldflags", f"{STRIP} -X main.version={tag}"]
            go(["build", *flags, "-o", str(binary), f"./{name}"], directory=_SOURCES, environment={"CGO_ENABLED": "0"})
            return {f"/{name}": Entry(content=binary.read_bytes(), mode=0o755)}

    return Definition(
        reference=f"{name}:{tag}",
        words=(go_version(),),
        sources=(_SOURCES / "go.mod", _SOURCES / name),
        entries=entries,
        config={"Env": [_PATH], "WorkingDir": "/", **config},
    )


def _coredns(version: str) -> Definition:
    folder = artifacts.ensure_program(name="coredns", version=version)
    artifact = program("coredns").artifacts(version, architecture())[0]

    def entries() -> dict[str, Entry]:
        binary = artifacts.binary(folder=folder, artifact=artifact, name="coredns")
        return {"/coredns": Entry(content=binary, mode=0o755, capability=images_oci.NET_BIND_SERVICE), "/etc/coredns": Entry(mode=0o755)}

    return Definition(
        reference=f"coredns/coredns:v{version}",
        words=(str(folder.name),),
        sources=(),
        entries=entries,
        config={
            "Env": [_PATH],
            "Entrypoint": ["/coredns"],
            "WorkingDir": "/",
            "User": f"{_NOBODY}:{_NOBODY}",
            "ExposedPorts": {"53/tcp": {}, "53/udp": {}},
        },
    )


def _busybox() -> Definition:
    tag = versions()["images"]["busybox"]

    def entries() -> dict[str, Entry]:
        # Dynamic: Debian's static one crashes in what asks glibc's resolver, wget and nslookup among them.
        ask = ["/usr/bin/busybox", "sh", "-c", "busybox --help | head -n 1; busybox --list"]
        found = images_debian.files(packages=["busybox"], programs=["/usr/bin/busybox"], ask=ask)
        banner, names = found.answer.split("\n", 1)
        _check(name="busybox", answer=banner, wanted=f"BusyBox v{tag}.")
        binary = found.entries.pop("/usr/bin/busybox")
        applets = {f"/bin/{name}": Entry(link="busybox", mode=0o777) for name in names.split() if name != "busybox"}
        return found.entries | applets | _accounts() | {"/bin/busybox": binary, "/tmp": Entry(mode=0o1777), "/root": Entry(mode=0o700)}

    return Definition(
        reference=f"busybox:{tag}",
        words=(images_debian.SUITE,),
        sources=(),
        entries=entries,
        config={"Env": [_PATH], "Cmd": ["sh"], "WorkingDir": "/"},
    )


def _redis() -> Definition:
    tag = versions()["images"]["redis"]
    programs = ["/usr/bin/redis-server", "/usr/bin/redis-cli"]

    def entries() -> dict[str, Entry]:
        found = images_debian.files(packages=["redis-server", "redis-tools"], programs=programs, ask=[programs[0], "--version"])
        _check(name="redis-server", answer=found.answer, wanted=f"v={tag}.")
        configuration = Entry(content=_REDIS_CONFIGURATION.encode())
        return found.entries | _accounts() | {"/etc/redis.conf": configuration, "/data": Entry(mode=0o755, owner=_REDIS)}

    return Definition(
        reference=f"redis:{tag}",
        words=(images_debian.SUITE,),
        sources=(),
        entries=entries,
        config={
            "Env": [_PATH],
            "Entrypoint": ["/usr/bin/redis-server", "/etc/redis.conf"],
            "WorkingDir": "/data",
            "User": f"{_REDIS}:{_REDIS}",
            "ExposedPorts": {"6379/tcp": {}},
        },
    )


def _accounts() -> dict[str, Entry]:
    passwd = f"root:x:0:0:root:/root:/bin/sh\nredis:x:{_REDIS}:{_REDIS}::/data:/bin/false\nnobody:x:{_NOBODY}:{_NOBODY}::/:/bin/false\n"
    group = f"root:x:0:\nredis:x:{_REDIS}:\nnobody:x:{_NOBODY}:\n"
    names = "passwd: files\ngroup: files\nhosts: files dns\n"
    return {
        f"/etc/{file}": Entry(content=text.encode()) for file, text in {"passwd": passwd, "group": group, "nsswitch.conf": names}.items()
    }


def _check(*, name: str, answer: str, wanted: str) -> None:
    if wanted not in answer:
        found = answer.strip()[:80]
        raise LabError(f"Debian {images_debian.SUITE}'s {name} says {found!r}, lab/versions.yml wants {wanted!r}: change the tag there")
