"""Dumps test programs on a machine."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kit.machine import LAB, Job, boot, scratch
from kit.restoring import CRIU, How


@dataclass
class Dumped:
    """What came of a scenario: `dumped`, `not-ready` or `criu-failed`, and why."""

    name: str
    how: str
    why: str


def dump(how: How, scenarios: list[str], into: Path) -> list[Dumped]:
    """Makes `into`/images/SCENARIO@CPU@KERNEL for each scenario, and beside them in frames what the programs printed."""
    files = {"scenario": LAB / "guest/scenario", "scenarios": "\n".join(scenarios) + "\n"}
    job = Job((LAB / "guest/dump").read_text(), files | {"criu": CRIU[how.criu], "before": how.before + "\n"})
    result = []
    with scratch("out") as out:
        boot(how.cpu, how.kernel, job, out)
        (into / "frames").mkdir(parents=True, exist_ok=True)
        for line in (out / "dump.tsv").read_text().splitlines():
            scenario, *ended = line.split("\t")
            name = f"{scenario}@{how.cpu}@{how.label}"
            result.append(Dumped(name, *ended))
            image = into / "images" / name
            shutil.rmtree(image, ignore_errors=True)
            if ended[0] == "dumped":
                shutil.copytree(out / "images" / scenario, image, symlinks=True)
                for file in (out / "frames").glob(f"{scenario}.*"):
                    shutil.copy(file, into / "frames" / f"{name}{file.suffix}")
    return result
