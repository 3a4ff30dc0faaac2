"""Rewrites images for machines, restores the results there, and says what came of it."""

from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from kit.compare import compare
from kit.hwcr import ALLOW, Hwcr, edits_of, profile, profile_of_source, remains_of
from kit.machine import scratch
from kit.restoring import How, restore


@dataclass
class Attempt:
    """A row of tests/fixtures/rewritten.tsv."""

    image: str
    target: str
    options: str
    outcome_before: str
    stage: str
    verdict_after: str
    edits: str
    remains: str
    outcome_after: str = "-"

    def row(self) -> list[str]:
        return list(astuple(self))


COLUMNS = [column.name.replace("_", " ") for column in fields(Attempt)]


@dataclass
class Attempts:
    """What came of rewriting several images for one machine."""

    attempts: list[Attempt] = field(default_factory=list)
    # Restores of rewritten images that did not pass, though hwcr does not say that they would.
    failed: list[str] = field(default_factory=list)
    # What must not be.
    wrong: list[str] = field(default_factory=list)


def options_for(hwcr: Hwcr, which: str, image: Path, target: str) -> list[str]:
    """`none`; `needed`: the source, and each --allow that the image takes; `all`: the source and every --allow."""
    if which == "none":
        return []
    source = profile_of_source(image.name)
    if which == "needed":
        return hwcr.needed_options(image, target, source)
    return ["--source", source, *(word for name in ALLOW for word in ("--allow", name))]


def rewrite_and_restore(hwcr: Hwcr, cpu: str, kernel: str, images: list[tuple[Path, str]], which: str) -> Attempts:
    """Rewrites each of `images` (the directory, and what became of it by itself) for the machine, and restores it."""
    result = Attempts()
    target = profile(cpu, kernel)
    with scratch("rewritten") as place:
        written = []
        for path, before in images:
            options, out = options_for(hwcr, which, path, target), place / path.name
            report = hwcr.rewrite(path, target, out, options)
            stage = "planned" if report["stage"] == "written" else report["stage"]
            said = stage, report["after"], edits_of(report), remains_of(report)
            result.attempts.append(Attempt(path.name, target, " ".join(options) or "-", before, *said))
            if out.exists():
                written.append((path.name, out))
                result.wrong += [f"{path.name} for {target}: {line}" for line in compare(path, out).wrong]
        seen = {cell.image: cell for cell in restore(How(cpu, kernel), written)}
    for attempt in result.attempts:
        cell = seen.get(attempt.image)
        if cell is None:
            continue
        attempt.outcome_after = cell.outcome
        line = f"{attempt.image} rewritten for {target} ({attempt.options}): {attempt.verdict_after}, "
        line += f"{cell.outcome}: {cell.reason}"
        if cell.outcome == "PASS":
            continue
        # What passed by itself must pass after edits that the program cannot notice.
        broken = attempt.outcome_before == "PASS" and "lossy" not in attempt.edits
        (result.wrong if broken or attempt.verdict_after == "compatible" else result.failed).append(line)
    return result
