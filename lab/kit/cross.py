"""The full cross: the images of tests/fixtures/cross on the machines of cross.list."""

import gzip
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

from kit.machine import LAB

PLACE = LAB.parent / "tests/fixtures/cross"
IMAGES, MACHINES, CELLS = PLACE / "images", PLACE / "machines", PLACE / "cells.tsv"
# Programs that do what no image shows, packed.
ROOTFS = PLACE / "rootfs"
SUFFIX = ".tar.gz"


@dataclass(frozen=True)
class Boot:
    """A machine of the cross, and the images that are restored there. `label` is a table's column of the kernel."""

    cpu: str
    label: str
    images: tuple[str, ...]


def images() -> list[str]:
    return sorted(path.name.removesuffix(SUFFIX) for path in IMAGES.glob("*" + SUFFIX))


def archive(image: str) -> Path:
    return IMAGES / (image + SUFFIX)


def plan() -> list[Boot]:
    """What cross.list says, in its order."""
    everywhere: list[str] = []
    core = ""
    boots = []
    known = images()
    for line in (LAB / "cross.list").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        source, what, *scenarios = line.split()
        if source == "all":
            everywhere = what.split(",")
        elif source == "core":
            core += what
        else:
            cpus, label = what.split("@")
            wanted = re.compile(f"({core if scenarios else '.*'})@{re.escape(source)}")
            matching = tuple(image for image in known if wanted.fullmatch(image))
            boots += [Boot(cpu, label, matching) for cpu in (everywhere if cpus == "all" else cpus.split(","))]
    return boots


def pack(image: Path, into: Path) -> None:
    """Writes an image directory as an archive, the same bytes each time."""
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(image.iterdir()):
            member = tarfile.TarInfo(path.name)
            member.size = path.stat().st_size
            member.mode = 0o644
            with open(path, "rb") as file:
                tar.addfile(member, file)
    into.write_bytes(gzip.compress(text.getvalue(), 9, mtime=0))


def unpack(image: str, into: Path) -> Path:
    """The image as a directory, for CRIU."""
    place = into / image
    with tarfile.open(archive(image)) as tar:
        tar.extractall(place, filter="data")
    return place


def unpack_programs(into: Path) -> None:
    """Makes the root directory that `hwcr check --rootfs` is given."""
    for packed in ROOTFS.rglob("*.gz"):
        program = into / packed.relative_to(ROOTFS).with_suffix("")
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_bytes(gzip.decompress(packed.read_bytes()))
