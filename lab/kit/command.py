"""What the lab's commands have in common."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from kit.machine import CPU_HELP, KERNELS, LabError


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the command's own description."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_machine(to: argparse.ArgumentParser) -> None:
    """The two arguments that name a machine."""
    to.add_argument("cpu", metavar="CPU", help=CPU_HELP)
    to.add_argument("kernel", metavar="KERNEL", choices=KERNELS, help=" | ".join(KERNELS))


def directory(text: str) -> Path:
    """An argument that must be a directory."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"no directory {text}")
    return path.resolve()


def existing(text: str) -> Path:
    """An argument that must exist."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path.resolve()


def finish(main: Callable[[], int]) -> None:
    """Ends the program with what `main` returns; 2 where the lab failed."""
    try:
        sys.exit(main())
    except LabError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(2)
