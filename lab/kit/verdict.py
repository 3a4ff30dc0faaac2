"""What became of a restored image, from what the guest left of it."""

import json
import re
from dataclasses import astuple, dataclass
from pathlib import Path

SIGNALS = {4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 31: "SIGSYS"}
# What CRIU complains of on every machine of the lab, also where the restore succeeds.
HARMLESS = re.compile("netlink|nftables|veth|Address already assigned")
TIME = re.compile(r"^(\(\d+\.\d+\)|\[[^]]*\])\s*")
KERNEL_SAYS = re.compile("bad frame|unhandled exception|undefined instruction|bad stack|potentially unexpected|ESR|PAC")
REASON_LENGTH = 400


@dataclass
class Cell:
    """One restore, in the columns of tests/fixtures/truth.tsv."""

    image: str
    cpu: str
    kernel: str
    criu_exit: str
    outcome: str
    reason: str

    def line(self, length: int = REASON_LENGTH) -> str:
        *cells, reason = astuple(self)
        return "\t".join([*cells, reason[:length].rstrip()])


def read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def of_criu(log: str, said: str) -> str:
    """CRIU's first and last error."""
    errors = [TIME.sub("", line) for line in log.splitlines() if "Error" in line and not HARMLESS.search(line)]
    if not errors:
        return (said.strip().splitlines() or [""])[-1]
    return " || ".join(errors[:1] + errors[1:][-1:])


def of_killed(seen: dict, kernel_log: str, result: list[str]) -> str:
    """The kernel's own reason, and how far the program had come with checking itself."""
    lines = [TIME.sub("", line) for line in kernel_log.splitlines()]
    parts = " | ".join([line for line in lines if KERNEL_SAYS.search(line)][:3])
    early = "before go; " if seen["before_go"] else ""
    return early + parts + (f" ; last: {result[-1]}" if result else "")


def of_ended(seen: dict, result: list[str]) -> str:
    """What the program said of itself."""
    said = " ; ".join(line.split(" ", 2)[-1] if line.startswith("NOTE") else line for line in result)
    early = "ended before go; " if seen["before_go"] else ""
    return early + said + (f" stat: {seen['stat']}" if seen["outcome"] == "HANG" else "")


def judge(cell: Path, image: str, cpu: str, kernel: str) -> Cell:
    """Reads one directory of /out/cells."""
    try:
        seen = json.loads(read(cell / "labrun.json"))
    except ValueError:
        return Cell(image, cpu, kernel, "-", "LAB-ERROR", "the guest says nothing of this image")
    result = read(cell / "result").splitlines()
    outcome, criu_exit = seen["outcome"], str(seen["criu_exit"])
    if outcome == "CRIU-FAILED":
        reason = of_criu(read(cell / "restore.log"), read(cell / "criu.out"))
        if seen["criu_signal"] == -1:
            criu_exit = "hung"
    elif outcome == "KILLED":
        outcome = f"KILLED-{SIGNALS.get(seen['signal'], seen['signal'])}"
        reason = of_killed(seen, read(cell / "dmesg"), result)
    else:
        reason = of_ended(seen, result)
    return Cell(image, cpu, kernel, criu_exit, outcome, " ".join(reason.split())[:REASON_LENGTH])
