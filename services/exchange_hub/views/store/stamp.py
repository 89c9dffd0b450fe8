"""Under which code, contracts and configuration each list was filled; a worker with another stamp for a list does not write to it.

Lists are stamped kind by kind of entity, for the lists of a kind are filled together (invariant 9). Beside these stamps stands one
of the whole: for the record, and for nobody to refuse by.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import psycopg

from exchange_contracts import registry
from exchange_hub.views.lists import KINDS
from exchange_hub.views.store import deciding
from exchange_hub.views.store.deciding import LISTED, Answers, Asked
from exchange_hub.views.store.schema import create_views
from exchange_hub.views.tables import hold

#: What the row of the whole has in the place of a kind.
_WHOLE = ""


class Parts(NamedTuple):
    """Digests of code, contracts and configuration."""

    code: str
    contracts: str
    configuration: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What decided the rows of each kind of entity.

    Attributes:
        whole: code version, digest of all contracts, digest of the district's data, for the record.
        kinds: kind of entity → what decides its lists.
        answers: kind → what the district answers to its fold; of a stored stamp only :func:`stored_answers` tells them.
    """

    whole: Parts
    kinds: Mapping[str, Parts]
    answers: Mapping[str, Answers] = field(default_factory=dict, compare=False, repr=False)

    def as_dict(self) -> dict[str, str]:
        """Return the stamp of the whole by the names of its parts."""
        return self.whole._asdict()

    def of_lists(self) -> dict[str, str]:
        """Return the stamp of each list as one text."""
        return {name: ".".join(parts) for kind, parts in self.kinds.items() if kind in KINDS for name in KINDS[kind].list_names}

    def differing(self, present: "Stamp", kinds: Iterable[str] = LISTED) -> dict[str, list[str]]:
        """Return which of *kinds* were filled under other parts than this stamp has, and which parts these are."""
        nothing = Parts("", "", "")
        found = {}
        for kind in kinds:
            mine, theirs = self.kinds.get(kind, nothing), present.kinds.get(kind, nothing)
            if mine != theirs:
                found[kind] = [part for part, one, other in zip(Parts._fields, mine, theirs, strict=True) if one != other]
        return found


class StampError(Exception):
    """Lists were filled by other code, contracts or configuration than this process has."""


def stamp_of(asked: Asked) -> Stamp:
    """Return this process's stamp for a district."""
    answers = {kind: deciding.answers_of(kind, asked) for kind in LISTED}
    kinds = {
        kind: Parts(deciding.code_of(kind), deciding.contracts_of(kind), deciding.configuration_digest(answers[kind])) for kind in LISTED
    }
    return Stamp(Parts(deciding.code_version(), registry.load().digest, asked.digest), kinds, answers)


def read_stamp(cur: psycopg.Cursor[Any], schema: str = "live") -> Stamp | None:
    """Return the stamp of a views schema, ``None`` where the schema does not exist.

    Views of a version that kept one stamp for all lists have none for any kind.
    """
    columns = cur.execute("SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0", (f"{schema}.view_stamp",)).fetchall()
    if not columns:
        return None
    kind = "kind" if ("kind",) in columns else f"'{_WHOLE}'"
    rows = cur.execute(f"SELECT {kind}, code, contracts, configuration FROM {schema}.view_stamp".encode()).fetchall()
    found = {name: Parts(*parts) for name, *parts in rows}
    whole = found.pop(_WHOLE, None)
    return None if whole is None else Stamp(whole, found)


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

    Where the district has only grown, and no row can be another by that, its newer answers are taken up: from then on a
    worker that does not know them writes nothing.

    Raises:
        StampError: lists were filled under another stamp.
    """
    with conn.transaction(), conn.cursor() as cur:
        cur.execute("SELECT pg_advisory_xact_lock(7404, 0)")
        present = read_stamp(cur, schema)
        if present is None:
            create_views(conn, schema)
            write_stamp(cur, stamp, schema)
            return
        outgrown = stamp.differing(present).keys()
        if outgrown <= {kind for kind, stand in _grown(cur, present, stamp, schema).items() if stand}:
            if outgrown or present.whole != stamp.whole:
                write_stamp(cur, stamp, schema, outgrown)
            return
    refuse_other(present, stamp)


def outgrown(cur: psycopg.Cursor[Any], stamp: Stamp, schema: str = "live") -> frozenset[str]:
    """Return the kinds whose lists are to be filled anew to be of this stamp; all of them where there are no views."""
    present = read_stamp(cur, schema)
    if present is None:
        return frozenset(LISTED)
    standing = {kind for kind, stand in _grown(cur, present, stamp, schema).items() if stand}
    return frozenset(stamp.differing(present).keys() - standing)


def grown(cur: psycopg.Cursor[Any], stamp: Stamp, schema: str = "live") -> frozenset[str]:
    """Return the kinds of which a grown calendar changes rows; they are to be filled anew while the hub runs.

    Empty where lists were filled under a stamp that is another in any other way: that is for people to settle.
    """
    present = read_stamp(cur, schema)
    if present is None:
        return frozenset()
    found = _grown(cur, present, stamp, schema)
    if stamp.differing(present).keys() != found.keys():
        return frozenset()
    return frozenset(kind for kind, stand in found.items() if not stand)


def _grown(cur: psycopg.Cursor[Any], present: Stamp, stamp: Stamp, schema: str) -> dict[str, bool]:
    """Return the kinds whose stamps differ by nothing but a district that has grown, with whether all their rows stand."""
    asking = [kind for kind, parts in stamp.differing(present).items() if parts == ["configuration"]]
    before = stored_answers(cur, schema, asking) if asking else {}
    return {
        kind: deciding.rows_stand(said, stamp.answers[kind]) for kind, said in before.items() if deciding.has_grown(said, stamp.answers[kind])
    }


def stored_answers(cur: psycopg.Cursor[Any], schema: str, kinds: Collection[str]) -> dict[str, Answers]:
    """Return what the district answered when lists of *kinds* were filled."""
    return dict(cur.execute(f"SELECT kind, answers FROM {schema}.view_stamp WHERE kind = ANY(%s)".encode(), (list(kinds),)).fetchall())


def write_stamp(cur: psycopg.Cursor[Any], stamp: Stamp, schema: str, kinds: Iterable[str] = LISTED) -> None:
    """Write the stamp of *kinds* into a views schema, and that of the whole."""
    rows = [(_WHOLE, *stamp.whole, "{}")]
    rows += [(kind, *stamp.kinds[kind], orjson.dumps(stamp.answers.get(kind, {})).decode()) for kind in kinds]
    cur.executemany(
        f"""INSERT INTO {schema}.view_stamp AS s VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (kind) DO UPDATE
            SET code = excluded.code, contracts = excluded.contracts, configuration = excluded.configuration,
                answers = excluded.answers, made_at = excluded.made_at""".encode(),
        rows,
    )


def refuse_other(present: Stamp | None, stamp: Stamp, kinds: Iterable[str] = LISTED) -> None:
    """Raise ``StampError`` where lists of *kinds* were filled under another stamp, naming them and the parts that differ."""
    if present is None:
        raise StampError("there are no views in the store; start `hub up`, or run `hub rebuild`")
    found = stamp.differing(present, kinds)
    if not found:
        return
    names = ", ".join(name for kind in found for name in KINDS[kind].list_names)
    nothing = Parts("none", "none", "none")
    said = dict.fromkeys(
        f"{part} {getattr(present.kinds.get(kind, nothing), part)} ≠ {getattr(stamp.kinds.get(kind, nothing), part)}"
        for kind, parts in found.items() for part in parts
    )  # fmt: skip
    shown = ", ".join([*said][:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")
    raise StampError(f"lists were filled under another stamp ({shown}): {names}; run `hub rebuild`: it fills these anew, and no others")


#: Differences of stamps that are told one by one.
_SHOWN = 4
