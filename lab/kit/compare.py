"""Holds a rewritten image against the original with CRIU's own decoder."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.crit import decode, differences
from kit.machine import LabError

JOURNAL = "hwcr-journal.json"
# Rules whose edits change fields: the kind of file, and the fields. All other edits change pages alone.
FIELDS = [
    ("HWCR-PAC-", "core", r"entries\[0\]\.ti_aarch64\.pac_keys(\..*)?"),
    # A signed return address may be in the link register.
    ("HWCR-PAC-", "core", r"entries\[0\]\.ti_aarch64\.gpregs\.regs\[\d+\]"),
    ("HWCR-HWC-", "mm", r"entries\[0\]\.mm_saved_auxv(\[\d+\])?"),
    ("HWCR-STK-", "mm", r"entries\[0\]\.mm_saved_auxv(\[\d+\])?"),
    ("HWCR-SYS-", "mm", r"entries\[0\]\.mm_saved_auxv(\[\d+\])?"),
]
SHOWN = 60


class Journal:
    """What the rewritten image says was done to it."""

    def __init__(self, image: Path) -> None:
        path = image / JOURNAL
        if not path.exists():
            raise LabError(f"{image} was not rewritten: it has no {JOURNAL}")
        read = json.loads(path.read_text())
        if not read["complete"]:
            raise LabError(f"the rewriting of {image} was not finished")
        self.edits = read["edits"]
        self.files = {file["file"]: file for file in read["files"]}

    def plans(self, name: str, threads: dict[int, int], path: str) -> bool:
        """Whether an edit changes such a field of this file."""
        kind, _, number = name.removesuffix(".img").rpartition("-")
        if name not in self.files or not number.isdigit():
            return False
        task = threads.get(int(number))
        return any(
            edit["rule"].startswith(rule) and edit["pid"] == task and kind == of and re.fullmatch(pattern, path)
            for edit in self.edits
            for rule, of, pattern in FIELDS
        )


def tasks_of_threads(image: Path) -> dict[int, int]:
    """Process id by thread id: files of threads have the thread's."""
    tree = decode(image / "pstree.img")["entries"]
    return {thread: task["pid"] for task in tree for thread in [task["pid"], *task["threads"]]}


def short(path: str, value: Any) -> str:
    if isinstance(value, (int, dict)) and "pac_keys" in path and not path.endswith("pac_enabled_key"):
        # Secrets of whoever's image it is.
        return "keys"
    text = "nothing" if value is None else json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def changed_bytes(name: str, old: bytes, new: bytes, spans: list[dict]) -> Iterator[str]:
    """What is wrong with changed bytes."""
    expected = bytearray(old)
    for span in spans:
        at, before, after = span["offset"], bytes.fromhex(span["old"]), bytes.fromhex(span["new"])
        if old[at : at + len(before)] != before:
            yield f"{name}: offset {at}: the original does not hold what the journal calls old"
        expected[at : at + len(before)] = after
    if new != bytes(expected):
        at = next(
            (at for at, pair in enumerate(zip(new, expected)) if pair[0] != pair[1]), min(len(new), len(expected))
        )
        yield f"{name}: offset {at}: differs, and the journal has no edit there"


def whole(name: str, old: bytes, new: bytes, entry: dict) -> Iterator[str]:
    """What is wrong with the journal's word on a replaced file."""
    if bytes.fromhex(entry["old"]) != old:
        yield f"{name}: the original is not what the journal calls old"
    if entry["new_sha256"] != hashlib.sha256(new).hexdigest():
        yield f"{name}: not what the journal calls new"


@dataclass
class Comparison:
    """A rewritten image held against the original."""

    decoded: int = 0
    # What differs, and what of it should not.
    seen: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def compare(original: Path, rewritten: Path) -> Comparison:
    """Holds the files of two image directories against each other, and the journal of the second."""
    journal = Journal(rewritten)
    threads = tasks_of_threads(original)
    result = Comparison()
    names = {path.name for path in original.iterdir()}
    both = {path.name for path in rewritten.iterdir() if path.is_file()} - {JOURNAL}
    result.wrong += [f"{name}: in one of the two only" for name in sorted(names ^ both)]
    for name in sorted(names & both):
        if name.startswith("pages-") or name.endswith(".log"):
            compare_bytes(name, original, rewritten, journal, result)
        else:
            compare_messages(name, original, rewritten, journal, threads, result)
    return result


def compare_bytes(name: str, original: Path, rewritten: Path, journal: Journal, result: Comparison) -> None:
    spans = journal.files.get(name, {}).get("raw", {}).get("spans", [])
    wrong = list(changed_bytes(name, (original / name).read_bytes(), (rewritten / name).read_bytes(), spans))
    result.wrong += wrong
    if spans and not wrong:
        result.seen.append(f"{name}: {len(spans)} changes, all planned")


def compare_messages(
    name: str, original: Path, rewritten: Path, journal: Journal, threads: dict[int, int], result: Comparison
) -> None:
    if "whole" in journal.files.get(name, {}):
        result.wrong += whole(
            name, (original / name).read_bytes(), (rewritten / name).read_bytes(), journal.files[name]["whole"]
        )
    try:
        contents = [decode(image / name) for image in (original, rewritten)]
    except LabError:
        raise
    except Exception as error:  # noqa: BLE001 The decoder raises all kinds.
        result.wrong.append(f"{name}: does not decode: {error!r}")
        return
    result.decoded += 1
    for path, before, after in differences(*contents):
        result.seen.append(f"{name}: {path}: {short(path, before)} -> {short(path, after)}")
        if not journal.plans(name, threads, path):
            result.wrong.append(f"{name}: {path}: differs, and no edit of the journal changes such a field")
