"""Decodes images with CRIU's own decoder, pycriu, which is what `crit` is made of."""

import os
import sys
from pathlib import Path
from typing import Any

from kit.machine import LAB, WORK, LabError

MODULES = WORK / "trees/decoder/usr/lib/python3/dist-packages"


def decode(path: Path) -> Any:
    """The content of an image file. What cannot be decoded raises whatever the decoder raises."""
    if not MODULES.is_dir():
        raise LabError(f"no decoder in {WORK}: run {LAB / 'setup'} first")
    if str(MODULES) not in sys.path:
        # The compiled part of protobuf is for one version of Python; the other one is for all.
        os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"
        sys.path.insert(0, str(MODULES))
    import pycriu

    with open(path, "rb") as file:
        return pycriu.images.load(file)


def differences(old: Any, new: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Paths at which two decoded values differ, with both; a list that changed its length differs as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in dict.fromkeys([*old, *new])
            for found in differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [found for at, pair in enumerate(zip(old, new)) for found in differences(*pair, f"{path}[{at}]")]
    return [] if old == new else [(path, old, new)]
