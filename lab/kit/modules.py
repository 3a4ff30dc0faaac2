"""Takes the modules that guests load out of a Debian kernel package.

usage: modules.py TREE OUT: finds modules in the unpacked package TREE, writes them uncompressed to OUT, and their names in
the order of loading to OUT/boot (needed to see the root file system), OUT/late (what CRIU asks the kernel for) and
OUT/engines (what it asks besides of a network namespace, which containers have).
"""

import re
import subprocess
import sys
from pathlib import Path

BOOT = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]
LATE = [
    "unix_diag", "inet_diag", "tcp_diag", "udp_diag", "raw_diag", "netlink_diag", "af_packet_diag",
    "tun", "nfnetlink", "nf_tables", "veth",
]  # fmt: skip
ENGINES = ["nf_conntrack_netlink"]


def name_of(path: Path) -> str:
    """As the kernel spells it: file names may have dashes."""
    return path.name.split(".ko")[0].replace("-", "_")


def content_of(path: Path) -> bytes:
    if path.suffix == ".xz":
        return subprocess.check_output(["xz", "-dc", path])
    return path.read_bytes()


def needed_by(content: bytes) -> list[str]:
    """The module's own statement of what must be loaded before it."""
    stated = re.search(rb"\0depends=([^\0]*)\0", content)
    return [name.replace("-", "_") for name in stated[1].decode().split(",") if name] if stated else []


def main() -> None:
    tree, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    found = {name_of(path): path for path in sorted(tree.rglob("*.ko*"))}
    loaded: list[str] = []

    def load(name: str) -> None:
        # What a configuration has built in is no module.
        if name in loaded or name not in found:
            return
        content = content_of(found[name])
        for other in needed_by(content):
            load(other)
        (out / f"{name}.ko").write_bytes(content)
        loaded.append(name)

    for group, names in [("boot", BOOT), ("late", LATE), ("engines", ENGINES)]:
        before = len(loaded)
        for name in names:
            load(name)
        (out / group).write_text("".join(f"{name}.ko\n" for name in loaded[before:]))


if __name__ == "__main__":
    main()
