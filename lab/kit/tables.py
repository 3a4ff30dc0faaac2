"""Tables of cells, separated by tabs, that can be filled in several goes."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from kit.machine import GUESTS_AT_ONCE

Row = list[str]
Item = TypeVar("Item")


class Table:
    """A file with a line of column names and a line for each row. A row's first `keys` cells name it."""

    def __init__(self, path: Path, columns: list[str], keys: int) -> None:
        self.path, self.columns, self.keys = path, columns, keys
        self.rows: dict[tuple[str, ...], Row] = {}
        self.lock = threading.Lock()
        if path.exists():
            for line in path.read_text().splitlines()[1:]:
                self.put(line.split("\t"))

    def put(self, row: Row) -> None:
        self.rows[tuple(row[: self.keys])] = row

    def has(self, *key: str) -> bool:
        return key in self.rows

    def add(self, rows: Iterable[Row], order: Callable[[Row], object]) -> None:
        """Adds rows and writes the file, whole or not at all: another go takes up from there."""
        with self.lock:
            for row in rows:
                self.put(row)
            lines = ["\t".join(row) + "\n" for row in [self.columns, *sorted(self.rows.values(), key=order)]]
            new = self.path.with_name(self.path.name + ".new")
            new.write_text("".join(lines))
            new.rename(self.path)


def each(items: Iterable[Item], act: Callable[[Item], None]) -> None:
    """Calls `act` for each item, as many at once as guests may run; the first error ends it."""
    with ThreadPoolExecutor(GUESTS_AT_ONCE) as pool:
        for done in [pool.submit(act, item) for item in items]:
            done.result()
