"""Office packages (zip files) that are the same bytes for the same content.

A zip carries each member's time, system and attributes, and the order in which it was written. All of these are
fixed here, so that a rendered file's digest speaks of its content alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from exchange_hub.reports.prefetch import prefetched

# The earliest time a zip can carry: no clock shows in the file.
MEMBER_TIME = (1980, 1, 1, 0, 0, 0)

Stream = Callable[[bytes], Iterable[bytes]]


def fixed_member(name: str) -> ZipInfo:
    """Return a zip member header without time, owner or system of the machine that writes it."""
    member = ZipInfo(name, MEMBER_TIME)
    member.compress_type = ZIP_DEFLATED
    member.create_system = 0
    member.external_attr = 0
    return member


def rewrite(
    source: IO[bytes] | Path,
    target: IO[bytes] | Path,
    replace: Mapping[str, bytes] | None = None,
    stream: Mapping[str, Stream] | None = None,
    level: int = 6,
) -> None:
    """Copy a package member by member into a fixed form.

    Args:
        source: the package as a library wrote it.
        target: where the fixed package goes.
        replace: members whose content is replaced as a whole.
        stream: members whose content is passed through a function that yields it in pieces (for rows too many to
            hold in memory).
        level: deflate level; big packages pay for every step.
    """
    replace, stream = replace or {}, stream or {}
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=level) as new:
        for name in _in_order(old.namelist()):
            content = replace[name] if name in replace else old.read(name)
            header = fixed_member(name)
            # A header given to `open` does not take the archive's level, and has no public way to be given one before 3.13.
            header._compresslevel = level  # type: ignore[attr-defined]  # noqa: SLF001 — as said above
            with new.open(header, "w", force_zip64=name in stream) as member:
                for piece in prefetched(stream[name](content)) if name in stream else (content,):
                    member.write(piece)


def rewritten(source: bytes, replace: Mapping[str, bytes] | None = None) -> bytes:
    """Return the package in fixed form; see `rewrite`."""
    target = BytesIO()
    rewrite(BytesIO(source), target, replace)
    return target.getvalue()


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort members by name, numbers by value; the content types first, as readers of a stream want them."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", _natural(name)))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which ``sheet2`` stands before ``sheet10``: a number sorts by how long it is, then by digits."""
    return [(len(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
