"""Collections of packed checkpoints, each with the machines it is restored on: the full cross, and the floors."""

import gzip
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

from kit.machine import LAB

FIXTURES = LAB.parent / "tests/fixtures"
SUFFIX = ".tar.gz"


@dataclass(frozen=True)
class Boot:
    """A machine, and the images that are restored there. `label` is a table's column of the kernel."""

    cpu: str
    label: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """tests/fixtures/NAME: `images`, profiles in `machines`, the table `cells.tsv`; lab/NAME.list is what to restore where."""

    name: str

    @property
    def place(self) -> Path:
        return FIXTURES / self.name

    @property
    def cells(self) -> Path:
        return self.place / "cells.tsv"

    @property
    def machines(self) -> Path:
        return self.place / "machines"

    def images(self) -> list[str]:
        return sorted(path.name.removesuffix(SUFFIX) for path in (self.place / "images").glob("*" + SUFFIX))

    def archive(self, image: str) -> Path:
        return self.place / "images" / (image + SUFFIX)

    def plan(self) -> list[Boot]:
        """What the list says, in its order."""
        everywhere: list[str] = []
        core = ""
        boots = []
        known = self.images()
        for line in (LAB / f"{self.name}.list").read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            source, what, *scenarios = line.split()
            if source == "all":
                everywhere = what.split(",")
            elif source == "core":
                core += what
            else:
                cpus, label = what.split("@")
                pattern = "|".join(core if word == "core" else word for word in scenarios) or ".*"
                wanted = re.compile(f"({pattern})@{re.escape(source)}")
                matching = tuple(image for image in known if wanted.fullmatch(image))
                boots += [Boot(cpu, label, matching) for cpu in (everywhere if cpus == "all" else cpus.split(","))]
        return boots

    def unpack(self, image: str, into: Path) -> Path:
        """The image as a directory, for CRIU."""
        place = into / image
        with tarfile.open(self.archive(image)) as tar:
            tar.extractall(place, filter="data")
        return place

    def unpack_programs(self, into: Path) -> None:
        """Makes the root directory that `hwcr check --rootfs` is given: programs that do what no image shows."""
        for packed in (self.place / "rootfs").rglob("*.gz"):
            program = into / packed.relative_to(self.place / "rootfs").with_suffix("")
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_bytes(gzip.decompress(packed.read_bytes()))


CROSS = Collection("cross")
COLLECTIONS = {"cross": CROSS, "floors": Collection("floors")}


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
