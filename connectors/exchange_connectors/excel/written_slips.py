"""Slips as they were written: one that is another now is a correction which a clerk made in the slip itself."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from exchange_connectors.excel.names import told
from exchange_connectors.kit.store import Store


class WrittenSlips:
    """Remembers the content of each slip in the connector's state.

    Args:
        store: the state file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, slip: Path) -> None:
        """Remember a slip as it is."""
        self._store.set_meta(_name(slip), _digest(slip))

    def is_touched(self, slip: Path) -> bool:
        """Say whether a slip is another than was written; one of an earlier version is taken as it is found."""
        if self._store.meta(_name(slip)) is None:
            self.note(slip)
        return self._store.meta(_name(slip)) != _digest(slip)

    def may_be_replaced(self, slip: Path) -> bool:
        """Say whether nothing of anybody's is lost where a slip is written anew."""
        try:
            return not slip.exists() or not self.is_touched(slip)
        except OSError:
            return False

    def corrections(self, slips: Iterable[Path]) -> Iterator[Path]:
        """Yield the slips in which somebody has written since; one that cannot be looked at now is looked at next time."""
        for slip in slips:
            try:
                touched = self.is_touched(slip)
            except OSError:
                continue
            if touched:
                yield slip


def _name(slip: Path) -> str:
    return f"slip:{told(slip)}"


def _digest(slip: Path) -> str:
    with slip.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
