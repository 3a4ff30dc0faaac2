"""Checkpoints of containers, made and restored by Podman in a guest."""

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

from kit.machine import LAB, WORK, Job, LabError, boot, scratch
from kit.verdict import SIGNALS, Cell, of_criu, read

PROGRAMS = ["scen", "scen2", "stacks", "raw", "pac", "dyn-static"]
NAME = "localhost/hwcr-lab:1"
# What can be made of a container, and the ending of its file: exports by their compression, an image of an export.
KINDS = {"gzip": "tar.gz", "zstd": "tar.zst", "none": "tar", "oci": "oci.tar"}
GUEST = ["containers", "scenario"]


def archive(files: dict[str, bytes | None]) -> bytes:
    """A tar archive of files, the same bytes each time; None makes a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode = 0o755
            if content is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o777
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def program_image() -> bytes:
    """The container image with the test programs, as an archive that `podman load` takes.

    A restore asks for the image by its id, which is made from its content: the same programs give the same id.
    """
    files: dict[str, bytes | None] = {f"opt/lab/{name}": (WORK / "programs" / name).read_bytes() for name in PROGRAMS}
    blobs: dict[str, bytes | None] = {}

    def blob(kind: str, content: bytes) -> dict:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {
            "mediaType": f"application/vnd.oci.image.{kind}",
            "digest": f"sha256:{digest}",
            "size": len(content),
        }

    layer = blob("layer.v1.tar", archive({**files, "etc": None, "tmp": None, "tmp/lab": None}))
    platform = {"architecture": "arm64", "os": "linux", "created": "1970-01-01T00:00:00Z"}
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = blob("config.v1+json", json.dumps({**platform, "config": {}, "rootfs": rootfs}).encode())
    manifest = blob("manifest.v1+json", json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode())
    manifest["annotations"] = {"org.opencontainers.image.ref.name": NAME}
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    return archive({"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index, **blobs})


def job(script: str, files: dict[str, Path | str], seconds: int) -> Job:
    files |= {name: LAB / "guest" / name for name in GUEST}
    return Job((LAB / "guest" / script).read_text(), files, seconds=seconds, root="podman")


def run(cpu: str, kernel: str, work: Job, out: Path) -> None:
    with scratch("image") as place:
        (place / "programs.tar").write_bytes(program_image())
        work.files["programs.tar"] = place / "programs.tar"
        boot(cpu, kernel, work, out)


def checkpoint(cpu: str, kernel: str, runtime: str, scenario: str, kinds: list[str], into: Path) -> list[Path]:
    """Makes `into`/SCENARIO@CPU@KERNEL.ENDING for each of `kinds`, of one container that goes on between them."""
    asked: dict[str, Path | str] = {"name": scenario, "kinds": "\n".join(kinds) + "\n", "runtime": runtime}
    work = job("podman-checkpoint", asked, 400)
    with scratch("out") as out:
        run(cpu, kernel, work, out)
        made = []
        into.mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            if not (out / kind).exists():
                raise LabError(f"no {kind} of {scenario}:\n{read(out / 'run.log')}")
            made.append(into / f"{scenario}@{cpu}@{kernel}.{KINDS[kind]}")
            shutil.copyfile(out / kind, made[-1])
        return made


def restore(cpu: str, kernel: str, archives: list[Path], keep: Path | None = None) -> list[Cell]:
    """Restores containers from archives, in one boot, each with its own runtime; a cell for each."""
    files: dict[str, Path | str] = {f"archives/{number:03}": path for number, path in enumerate(archives)}
    work = job("podman-restore", files, 120 + 60 * len(archives))
    with scratch("out") as out:
        run(cpu, kernel, work, out)
        if keep:
            shutil.copytree(out, keep, dirs_exist_ok=True)
        return [judge(out / f"cells/{number:03}", path.name, cpu, kernel) for number, path in enumerate(archives)]


def judge(cell: Path, name: str, cpu: str, kernel: str) -> Cell:
    """What became of a container, from what the guest left of it."""
    podman_exit = read(cell / "exit").strip()
    if not podman_exit:
        return Cell(name, cpu, kernel, "-", "LAB-ERROR", "the guest says nothing of this archive")
    result = " ; ".join(read(cell / "result").splitlines())
    ended = read(cell / "ended").strip()
    if (cell / "hung").exists():
        podman_exit = "hung"
    if podman_exit != "0":
        outcome, reason = "CRIU-FAILED", of_criu(read(cell / "restore.log"), read(cell / "restore.out"))
    elif not ended.isdigit():
        outcome, reason = "HANG", result
    elif int(ended) > 128:
        # As shells count: 128 and the signal.
        outcome, reason = f"KILLED-{SIGNALS.get(int(ended) - 128, ended)}", read(cell / "dmesg").strip() or result
    else:
        outcome, reason = ("PASS" if result.startswith("PASS") and ended == "0" else "FAIL"), result
    return Cell(name, cpu, kernel, podman_exit, outcome, " ".join(reason.split())[:400])
