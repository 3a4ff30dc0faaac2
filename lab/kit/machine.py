"""Boots emulated arm64 machines."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
WORK = Path(os.environ.get("LAB_WORK") or CACHE / "hwcr-lab")
KERNELS = ["new", "6.12", "6.1", "16k"]
CPU_HELP = "name of a model in cpus.list, or any value of the emulator's -cpu"
# Each guest has two virtual CPUs and keeps two real ones busy while it boots.
GUESTS_AT_ONCE = int(os.environ.get("LAB_GUESTS") or 2)


class LabError(Exception):
    """The lab itself failed; nothing is said about an image."""


def cpus() -> dict[str, str]:
    """The models of cpus.list: name, and the value of -cpu."""
    lines = (LAB / "cpus.list").read_text().splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


@dataclass
class Job:
    """What a guest is to do: `script` runs in a directory that holds `files` (by name: a path, or the content)."""

    script: str
    files: dict[str, Path | str] = field(default_factory=dict)
    kernel_parameters: str = ""
    seconds: int = 400
    # The file system to boot: `root`, or `podman` with container engines.
    root: str = "root"

    def lay_out(self, into: Path) -> None:
        (into / "run").write_text(self.script)
        for name, what in self.files.items():
            place = into / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(what, str):
                place.write_text(what)
            elif what.is_dir():
                shutil.copytree(what, place, symlinks=True)
            else:
                shutil.copy(what, place)


@contextlib.contextmanager
def scratch(kind: str) -> Iterator[Path]:
    """A directory under the work directory that goes away."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f"{kind}.", dir=WORK))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def a_slot() -> Iterator[None]:
    """Waits until fewer than GUESTS_AT_ONCE guests run, whoever started them."""
    while True:
        for number in range(GUESTS_AT_ONCE):
            with open(WORK / f"slot.{number}", "w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield
                return
        time.sleep(0.5)


def arguments(cpu: str, kernel: str, job: Job, given: Path, returned: Path) -> list[str]:
    """The emulator's command line."""
    machine = "virt"
    # Kernels fault on this model without a GICv3.
    if cpu.startswith("a64fx"):
        machine += ",gic-version=3"
    parameters = f"console=ttyAMA0 quiet loglevel=4 panic=-1 lab.kernel={kernel} {job.kernel_parameters}"
    command = [WORK / "bin/qemu-system-aarch64", "-M", machine, "-cpu", cpu, "-accel", "tcg,thread=multi"]
    command += ["-smp", "2", "-m", "1G", "-nographic", "-no-reboot", "-nic", "none"]
    command += [
        "-kernel",
        WORK / "kernels" / kernel / "Image",
        "-initrd",
        WORK / "initramfs.cpio",
        "-append",
        parameters,
    ]
    for name, path, option in [
        ("a", WORK / f"{job.root}.ext4", "snapshot=on"),
        ("b", given, "readonly=on"),
        ("c", returned, ""),
    ]:
        drive = f"file={path},format=raw,if=none,id={name}"
        command += ["-drive", ",".join(filter(None, [drive, option])), "-device", f"virtio-blk-pci,drive={name}"]
    return [str(part) for part in command]


def boot(cpu: str, kernel: str, job: Job, out: Path) -> None:
    """Runs `job` on a machine with the CPU `cpu` under `kernel`. What it left in /out is in `out` then.

    Besides, `out` holds `run.log` (what the script printed), `run.status`, `dmesg.all` and `console.log`.
    """
    if not (WORK / f"{job.root}.ext4").exists() or not (WORK / "kernels" / kernel / "Image").exists():
        more = "" if job.root == "root" else f" {job.root}"
        raise LabError(f"no {job.root}.ext4, or no kernel {kernel}, in {WORK}: run {LAB / 'setup'}{more} first")
    out.mkdir(parents=True, exist_ok=True)
    console = out / "console.log"
    with scratch("guest") as place:
        (place / "job").mkdir()
        job.lay_out(place / "job")
        given, returned = place / "given.tar", place / "returned.tar"
        subprocess.run(["tar", "cf", given, "-C", place / "job", "."], check=True)
        with open(returned, "wb") as file:
            file.truncate(512 << 20)
        command = arguments(cpus().get(cpu, cpu), kernel, job, given, returned)
        with a_slot(), open(console, "wb") as log:
            try:
                subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=job.seconds, check=False
                )
            except subprocess.TimeoutExpired:
                log.write(f"lab: ended after {job.seconds} s\n".encode())
        unpacked = subprocess.run(["tar", "xf", returned, "-C", out], stderr=subprocess.DEVNULL, check=False)
    if unpacked.returncode or not (out / "run.status").exists():
        last = console.read_text(errors="replace").strip().splitlines()[-5:]
        raise LabError(f"the guest {cpu}, kernel {kernel}, left no result. Its last words:\n" + "\n".join(last))
