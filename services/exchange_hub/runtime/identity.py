"""Whose a data folder is: its own, or a copy's that still speaks of the folder it was copied from.

What a folder keeps from start to start names places outside it, such as its database's and its socket's. In a copy they
are another folder's, whose servers must not be ended, removed or written to.
"""

import logging
from hashlib import sha256
from pathlib import Path
from typing import Any

from exchange_hub.runtime import leftovers
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.postgres_server import ROOT_DATA
from exchange_hub.runtime.problem import RuntimeProblem

log = logging.getLogger(__name__)

_HOME = "data_folder"


def settle(layout: Layout) -> dict[str, Any]:
    """Return what a folder keeps, as far as it is its own; a copy, or a folder that was moved, becomes one of its own.

    The caller holds the folder's lock.

    Raises:
        RuntimeProblem: the folder is a copy, and its database lies elsewhere and belongs to the original.
    """
    kept = leftovers.read_json(layout.kept)
    if not kept or is_own(layout, kept):
        return kept | {_HOME: str(layout.root)}
    home = _home(layout, kept)
    own: dict[str, Any] = {_HOME: str(layout.root)}
    if layout.postgres.exists():
        _warn_of_a_copy(layout, home)
    elif "postgres_data" in kept:
        if home is None or (home / layout.kept.name).exists():
            raise RuntimeProblem(
                f"This data folder is a copy of {home or 'another one'}, without its database: that one lies elsewhere and belongs to the original.",
                where=kept["postgres_data"],
                remedy="Take `hub backup` of the original and `hub restore` it into a new HUB_DATA_DIR. Nothing was started.",
            )
        own["postgres_data"] = kept["postgres_data"]  # moved: nobody else speaks of it
    leftovers.write_json(layout.kept, own)
    return own


def is_own(layout: Layout, kept: dict[str, Any]) -> bool:
    """Tell whether what a folder keeps speaks of this very folder, by whatever name it is reached."""
    home = _home(layout, kept)
    try:
        return home is not None and home.samefile(layout.root)
    except OSError:
        return False


def _home(layout: Layout, kept: dict[str, Any]) -> Path | None:
    """Return the folder that wrote what is kept, as far as is known; one of an earlier version is known by where its database lies."""
    if _HOME in kept:
        return Path(kept[_HOME])
    data = Path(kept.get("postgres_data", layout.postgres))
    if data.parent.parent == ROOT_DATA:
        is_here = data.parent.name == sha256(str(layout.root).encode()).hexdigest()[:16]
        return layout.root if is_here else None
    return data.parent


def _warn_of_a_copy(layout: Layout, home: Path | None) -> None:
    if home is not None and not (home / layout.kept.name).exists():
        log.info("The data folder was moved here from %s", home)
        return
    torn = (layout.postgres / "postmaster.pid").exists()
    log.warning(
        "The data folder is a copy of %s and starts with servers and a database of its own%s", home,
        "; it was copied while the original's database ran: what it holds may be torn, and only `hub backup` makes a sound copy of one that runs"
        if torn else "",
    )  # fmt: skip
