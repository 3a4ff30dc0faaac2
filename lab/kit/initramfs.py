"""Writes the guests' initial RAM disk: busybox, its first program, and each kernel's modules for the root file system.

usage: initramfs.py BUSYBOX INIT KERNELS OUT: KERNELS holds a directory for each kernel, with `release` and `modules`.
"""

import sys
from pathlib import Path

DIRECTORY, FILE = 0o040755, 0o100755


class Archive:
    """A cpio archive in the `newc` format, which is what the kernel unpacks."""

    def __init__(self) -> None:
        self.data = b""
        self.entries = 0

    def add(self, name: str, mode: int = DIRECTORY, content: bytes = b"") -> None:
        self.entries += 1
        fields = [self.entries, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        self.data += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self.pad()
        self.data += content
        self.pad()

    def pad(self) -> None:
        self.data += b"\0" * (-len(self.data) % 4)

    def finish(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return self.data


def main() -> None:
    busybox, init, kernels, out = map(Path, sys.argv[1:])
    archive = Archive()
    for name in ["bin", "dev", "proc", "sys", "new", "modules"]:
        archive.add(name)
    archive.add("bin/busybox", FILE, busybox.read_bytes())
    archive.add("init", FILE, init.read_bytes())
    for kernel in sorted(kernels.iterdir()):
        into = f"modules/{(kernel / 'release').read_text().strip()}"
        archive.add(into)
        order = kernel / "modules" / "boot"
        for name in ["boot", *order.read_text().split()]:
            archive.add(f"{into}/{name}", FILE, (kernel / "modules" / name).read_bytes())
    new = out.with_suffix(".new")
    new.write_bytes(archive.finish())
    new.rename(out)


if __name__ == "__main__":
    main()
