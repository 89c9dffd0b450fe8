"""Which code, contracts and configuration filled the views; a worker with another stamp refuses to write."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import psycopg

from exchange_contracts import registry
from exchange_hub.views.store.schema import create_views
from exchange_hub.views.tables import hold

#: Sources that decide what a list shows, a package or some of its modules; their digest is part of the code version. What the
#: programme computes of lists is kept with the figures and needs no rebuild, but precedence and deadlines stand in the rows.
_DECIDING: Mapping[str, Collection[str]] = {
    "exchange_hub.views": (), "exchange_hub.views.lists": (), "exchange_hub.views.store": (), "exchange_contracts": (),
    "exchange_hub.programme": ("calendar.py", "district.py", "district_parts.py"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stamp:
    """Code version, contracts digest and configuration digest (invariant 9)."""

    code: str
    contracts: str
    configuration: str

    def as_dict(self) -> dict[str, str]:
        """Return the three parts by name."""
        return asdict(self)


class StampError(Exception):
    """The views were filled by other code, contracts or configuration than this process has."""


@cache
def code_version() -> str:
    """Return the distribution's version with a digest of the sources that decide what lists show."""
    digest = hashlib.blake2b(digest_size=6)
    for package, modules in _DECIDING.items():
        for source in sorted(files(package).iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(".py") and (not modules or source.name in modules):
                digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return f"{version('exchange-hub')}+{digest.hexdigest()}"


def stamp_of(configuration_digest: str) -> Stamp:
    """Return this process's stamp for a district's configuration."""
    return Stamp(code_version(), registry.load().digest, configuration_digest)


def read_stamp(cur: psycopg.Cursor[Any], schema: str = "live") -> Stamp | None:
    """Return the stamp of a views schema, ``None`` where the schema does not exist."""
    exists = cur.execute("SELECT to_regclass(%s)", (f"{schema}.view_stamp",)).fetchone()
    if exists is None or exists[0] is None:
        return None
    row = cur.execute(f"SELECT code, contracts, configuration FROM {schema}.view_stamp".encode()).fetchone()
    return None if row is None else Stamp(*row)


def held_stamp(cur: psycopg.Cursor[Any], schema: str = "live") -> Stamp | None:
    """Return the stamp of a views schema and keep the schema from being replaced until the transaction ends; see ``tables.hold``.

    It comes first in the transaction.
    """
    try:
        with cur.connection.transaction():
            cur.execute(hold(schema).encode())
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    return read_stamp(cur, schema)


def ensure_views(conn: psycopg.Connection, stamp: Stamp, schema: str = "live") -> None:
    """Make the views schema where there is none, and check its stamp.

    Raises:
        StampError: the views were filled under another stamp.
    """
    with conn.transaction(), conn.cursor() as cur:
        cur.execute("SELECT pg_advisory_xact_lock(7404, 0)")
        present = read_stamp(cur, schema)
        if present is None:
            create_views(conn, schema)
            write_stamp(cur, stamp, schema)
            return
    refuse_other(present, stamp)


def write_stamp(cur: psycopg.Cursor[Any], stamp: Stamp, schema: str) -> None:
    """Write the stamp of a views schema just made."""
    cur.execute(
        f"INSERT INTO {schema}.view_stamp VALUES (%s, %s, %s, now())".encode(),
        (stamp.code, stamp.contracts, stamp.configuration),
    )


def refuse_other(present: Stamp | None, stamp: Stamp) -> None:
    """Raise ``StampError`` unless *present* is *stamp*, naming the parts that differ."""
    if present == stamp:
        return
    if present is None:
        raise StampError("there are no views in the store; start `hub up`, or run `hub rebuild`")
    theirs, mine = present.as_dict(), stamp.as_dict()
    differing = ", ".join(f"{part} {theirs[part][:20]} ≠ {mine[part][:20]}" for part in mine if theirs[part] != mine[part])
    raise StampError(f"the views were filled under another stamp ({differing}); run `hub rebuild` to fill them anew")
