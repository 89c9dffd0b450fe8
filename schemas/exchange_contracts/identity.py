"""Event ids: a pure function of what an event replaces, so that a repeated publication is recognised."""

import hashlib
import uuid
from collections.abc import Iterable

NAMESPACE = uuid.UUID("6f0a5f0e-6a0e-5d55-9a3b-3d1f2c7c1e64")
"""Namespace of all event ids; it never changes."""


def event_id(source: str, family: str, subkey: Iterable[object], entity_key: str, revision: int) -> uuid.UUID:
    """Return the id of an event.

    Args:
        source: system or ledger the event comes from.
        family: ``kind:register``; a project and its progress report share a key, so the register is part of the id.
        subkey: values of the register's sub-key fields in the contract's order.
        entity_key: business key of the entity.
        revision: the source's revision of this register.
    """
    parts = (source, family, "|".join(map(str, subkey)), entity_key, str(revision))
    return uuid.uuid5(NAMESPACE, "\n".join(parts))


_PREFIX = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {digit: f"{int(digit, 16) & 3 | 8:x}" for digit in "0123456789abcdef"}


def event_id_text(source: str, family: str, subkey: str, entity_key: str, revision: int) -> str:
    """Return the text of :func:`event_id`, several times quicker: every event that arrives is compared with it.

    *subkey* holds the sub-key's values joined by bars.
    """
    digest = _PREFIX.copy()
    digest.update(f"{source}\n{family}\n{subkey}\n{entity_key}\n{revision}".encode())
    text = digest.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"
