"""Restores image directories on a machine."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kit.machine import LAB, Job, LabError, boot, scratch
from kit.verdict import Cell, judge

# More in one boot save little, and lose more when a guest dies.
AT_ONCE = 50
CRIU = {"4": "criu", "3": "/opt/criu3/criu"}


@dataclass(frozen=True)
class How:
    """The machine, and how to restore there."""

    cpu: str
    kernel: str
    criu: str = "4"
    # A shell line for the guest, and parameters for its kernel, from before the restores.
    before: str = ""
    kernel_parameters: str = ""
    # An aarch64 hwcr to run CRIU under `hwcr launch` of.
    launch: Path | None = None
    # Where to put the logs.
    keep: Path | None = None
    # How long tasks may take from when they are let go.
    wait_ms: int = 15000

    @property
    def label(self) -> str:
        """The kernel, as a table's column says it."""
        return self.kernel if self.criu == "4" else f"{self.kernel}-criu{self.criu}"


def restore(how: How, images: list[tuple[str, Path]]) -> list[Cell]:
    """Restores each of `images` (the name for the table, and the directory); a cell for each, in their order."""
    cells = []
    for start in range(0, len(images), AT_ONCE):
        cells += one_boot(how, images[start : start + AT_ONCE])
    return cells


def one_boot(how: How, images: list[tuple[str, Path]]) -> list[Cell]:
    job = Job((LAB / "guest/restore").read_text(), kernel_parameters=how.kernel_parameters)
    job.seconds = 120 + 12 * len(images)
    job.files = {"criu": CRIU[how.criu], "before": how.before + "\n", "wait_ms": str(how.wait_ms)}
    if how.launch:
        job.files |= {"criu": "/job/launched", "launched": LAB / "guest/launched", "hwcr": how.launch}
    # Names may repeat, and the guest goes by their order.
    job.files |= {f"images/{number:03}": path for number, (_, path) in enumerate(images)}
    with scratch("out") as out:
        try:
            boot(how.cpu, how.kernel, job, out)
        except LabError as error:
            return without_the_deadly(how, images, error)
        if how.keep:
            for number, (name, _) in enumerate(images):
                shutil.copytree(out / f"cells/{number:03}", how.keep / name, dirs_exist_ok=True)
        return [judge(out / f"cells/{number:03}", name, how.cpu, how.label) for number, (name, _) in enumerate(images)]


def without_the_deadly(how: How, images: list[tuple[str, Path]], error: LabError) -> list[Cell]:
    """A guest that does not come back takes the answers for all images with it: finds out which one it was."""
    if len(images) > 1:
        half = len(images) // 2
        return one_boot(how, images[:half]) + one_boot(how, images[half:])
    # Without any image, does the machine work at all?
    with scratch("out") as out:
        boot(how.cpu, how.kernel, Job("true\n", kernel_parameters=how.kernel_parameters), out)
    last = str(error).splitlines()[-1].replace("\t", " ").strip()
    return [Cell(images[0][0], how.cpu, how.label, "-", "GUEST-DIED", last)]
