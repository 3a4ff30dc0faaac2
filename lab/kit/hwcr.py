"""Runs the host's hwcr, as a user would, and reads its JSON."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.cross import CROSS
from kit.machine import LAB, LabError

# Names that --allow takes.
ALLOW = ["drop-sve-state", "drop-tpidr2", "drop-fpmr", "strip-pac", "mask-hwcap"]


def built() -> Path:
    """The program as cargo built it last in this checkout."""
    found = [
        path for path in (LAB.parent / f"target/{profile}/hwcr" for profile in ("release", "debug")) if path.exists()
    ]
    if not found:
        raise LabError("no hwcr in target/: run cargo build --release, or name one with --hwcr")
    return max(found, key=lambda path: path.stat().st_mtime)


def profile(cpu: str, kernel: str, machines: Path = CROSS.machines) -> str:
    """The profile of a machine of the lab: as it was captured for a collection, else the built-in one."""
    name = cpu if kernel == "new" else f"{cpu}@{kernel}"
    captured = machines / f"{name}.json"
    return str(captured) if captured.exists() else name


def profile_of_source(image: str, machines: Path = CROSS.machines) -> str:
    """The machine an image was dumped on, from its name: SCENARIO@CPU@KERNEL."""
    _, cpu, kernel = image.split("@")
    return profile(cpu, kernel, machines)


@dataclass(frozen=True)
class Hwcr:
    """An hwcr program that runs here."""

    program: Path

    def ask(self, *arguments: str | Path) -> Any:
        """The JSON that a command prints; exit code 2 is an error."""
        run = subprocess.run(
            [self.program, *arguments, "--format", "json"], capture_output=True, text=True, check=False
        )
        if run.returncode not in (0, 1, 3):
            raise LabError(f"hwcr {' '.join(map(str, arguments))} ended with {run.returncode}:\n{run.stderr}")
        return json.loads(run.stdout)

    def check(self, image: Path, target: str, source: str | None = None, rootfs: Path | None = None) -> Any:
        more = [*(["--source", source] if source else []), *(["--rootfs", rootfs] if rootfs else [])]
        [result] = self.ask("check", image, "--target", target, *more)["results"]
        return result

    def rewrite(self, image: Path, target: str, out: Path | None, options: list[str]) -> Any:
        """The report of a rewrite to `out`, or of a dry run."""
        where = ["--dry-run"] if out is None else ["-o", out]
        return self.ask("rewrite", image, "--target", target, *where, *options)

    def needed_options(self, image: Path, target: str, source: str | None) -> list[str]:
        """`--source`, and each --allow without which the image cannot be mended: as its reports name them, until it can
        be or they name no more."""
        options = ["--source", source] if source else []
        while True:
            report = self.rewrite(image, target, None, options)
            names = {allow["name"] for remains in report["remaining"] for allow in remains.get("allow", [])}
            new = names - set(options)
            if report["stage"] != "cannot-mend" or not new:
                return options
            for name in sorted(new):
                options += ["--allow", name]


def edits_of(report: Any) -> str:
    """The kinds of edits, in a cell of a table: how often, for which rule, of which class."""
    counts: dict[str, int] = {}
    for edit in report["edits"]:
        kind = f"{edit['rule']} {edit['class']}"
        counts[kind] = counts.get(kind, 0) + 1
    return "; ".join(kind if count == 1 else f"{count} × {kind}" for kind, count in counts.items()) or "-"


def remains_of(report: Any) -> str:
    """The rules of the findings that stay, in a cell of a table: blockers first, notes not at all."""
    findings = [remains["finding"] for remains in report["remaining"]]
    kinds = [f"{finding['rule']} {finding['severity']}" for finding in findings if finding["severity"] != "note"]
    return "; ".join(dict.fromkeys(sorted(kinds, key=lambda kind: (not kind.endswith("blocker"), kind)))) or "-"
