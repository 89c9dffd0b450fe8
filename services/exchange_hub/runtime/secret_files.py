"""Secrets that the hub makes itself: one file each, readable by its owner alone from its first byte on."""

import os
import secrets
from pathlib import Path

from exchange_hub.runtime.problem import RuntimeProblem


def kept_secret(path: Path) -> str:
    """Return the secret that a file holds; one is made where there is none.

    Raises:
        RuntimeProblem: the file is another user's.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return new_secret(path)
    except PermissionError as error:
        raise RuntimeProblem(
            "This user cannot read a password of the data folder.", where=str(path),
            remedy="The data folder is another user's: start the hub as that user, or name another HUB_DATA_DIR.",
        ) from error  # fmt: skip


def new_secret(path: Path) -> str:
    """Put a new secret into a file, in the place of the one that it held; of two that come at once, one is kept."""
    secret = secrets.token_urlsafe(24)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_closed(path, secret)
    return secret


def write_closed(path: Path, text: str) -> None:
    """Replace a file as a whole, closed to others."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
