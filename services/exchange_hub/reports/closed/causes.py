"""Which list rows came, went or read differently since a close, and why, one cause a row (FIGURES, rule 23).

A cause is worked out from what there is: whether an event of the entity arrived since, whether it took something back or said
anew what had been said, whether entities were joined or parted, and what the row says of itself (a return, a recovery, an exit,
another domain). Where nothing was said since and nobody was joined or parted, the row reads differently by other rules or data,
which the stamps of both sides tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from exchange_hub.reports.catalogue import common_columns
from exchange_hub.reports.closed.snapshot import exists
from exchange_hub.reports.sql import Lists
from exchange_hub.views.lists import kinds_of

_When = tuple[sa.ColumnElement[bool], sa.ColumnElement[str] | str]
_KEYS = ("row_key", "component", "bureaus")
_TEXT, _TEXTS = sa.Text(), ARRAY(sa.Text())
#: What stands for a cause that the stamps of both sides tell.
BY_STAMP = "口径修正"


@dataclass(slots=True)
class ChangedRows:
    """The changed rows between the frozen lists of a closed month and the lists as of the same day now.

    Attributes:
        conn: a connection in a transaction, for temporary tables.
        frozen: the lists of the closed month.
        current: the lists of a views schema.
        schema: that schema.
        batch_no: last batch that belongs to the close; ``None`` where it was not kept, or there is no log.
        restamped: the lists that are filled by other rules or data now than at the close.
        touched: whether the transaction marked what was touched since the close (``views.dated.since``): nothing else is looked at.
    """

    conn: sa.Connection
    frozen: Lists
    current: Lists
    schema: str
    batch_no: int | None
    restamped: frozenset[str] = frozenset()
    touched: bool = False
    _sides: dict[str, tuple[sa.Table, sa.Table]] = field(default_factory=dict)
    _fresh: bool | None = None

    def sides(self, list_: str) -> tuple[sa.Table, sa.Table]:
        """Return the temporary tables of the changed rows of a list, as they were and as they are, each with its ``cause`` and ``tellers``.

        Rows of one ``row_key`` and ``pair`` are one row then and now: a day between two statements can have several rows of one key.
        The tellers are the bureaus that said something since; all of the row's where entities were joined or parted, or nobody knows.
        """
        if list_ not in self._sides:
            old, new = self._near(list_)
            name = self.current.view(list_).table
            self.conn.execute(sa.schema.CreateTableAs(self._compared(list_, old, new), f"changed_{name}", temporary=True))
            own = [sa.Column("cause", _TEXT), sa.Column("tellers", _TEXTS)]
            changed = _table(f"changed_{name}", (("row_key", _TEXT), ("pair", _TEXT), ("cause", _TEXT), ("tellers", _TEXTS)))
            made = []
            for source, prefix in ((old, "was"), (new, "now")):
                joined = source.join(changed, _paired(changed, source))
                rows = sa.select(*source.c, changed.c.cause, changed.c.tellers).select_from(joined)
                self.conn.execute(sa.schema.CreateTableAs(rows, f"{prefix}_{name}", temporary=True))
                made.append(_temporary(f"{prefix}_{name}", source, *own))
            self.conn.execute(sa.text(f"DROP TABLE changed_{name}, {old.name}, {new.name}"))
            self._sides[list_] = (made[0], made[1])
        return self._sides[list_]

    def differ(self, list_: str) -> bool:
        """Tell whether any row of a list came, went or reads differently."""
        old, new = self._sources(list_)
        return bool(self.conn.execute(sa.select(self._unlike(list_, old, new).exists())).scalar_one())

    def _sources(self, list_: str) -> tuple[sa.FromClause, sa.FromClause]:
        """Return the rows of a list then and now; of a close whose touched components are known, those of these alone."""
        old, new = self.frozen.table(list_), self.current.table(list_)
        if not self.touched:
            return old.alias("old"), new.alias("new")
        outdated = sa.table("outdated", sa.column("kind"), sa.column("component"), schema="pg_temp")
        named = sa.select(outdated.c.component).where(outdated.c.kind.in_(kinds_of(list_)))
        dated = sa.table(f"dated_{self.current.view(list_).table}", *(sa.column(column.name, column.type) for column in new.c), schema="pg_temp")
        return sa.select(old).where(old.c.component.in_(named)).subquery("old"), sa.select(dated).subquery("new")

    def _unlike(self, list_: str, old: sa.FromClause, new: sa.FromClause) -> sa.Select[Any]:
        meets = sa.and_(new.c.row_key == old.c.row_key, new.c.component == old.c.component)
        return self._of_unlike(list_, old, new, meets, old.c.component.label("was"), new.c.component.label("now"))

    def _of_unlike(self, list_: str, old: sa.FromClause, new: sa.FromClause, meets: sa.ColumnElement[bool], *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """Select *columns* of every row that came, went or reads differently in what both sides have; *meets* says which rows are one."""
        common = self.common(list_)
        same = sa.func.row(*(old.c[name] for name in common)).is_not_distinct_from(sa.func.row(*(new.c[name] for name in common)))
        return sa.select(*columns).select_from(old.join(new, meets, full=True)).where(~same)

    def _near(self, list_: str) -> tuple[sa.Table, sa.Table]:
        """Make temporary tables of all rows, then and now, of the components of which any row differs: causes ask these and not whole lists.

        Of several rows of one key those of one component are one row; what is left is paired in the order of the components.
        """
        name, sources = self.current.view(list_).table, self._sources(list_)
        self.conn.execute(sa.schema.CreateTableAs(self._unlike(list_, *sources), f"unlike_{name}", temporary=True))
        unlike = sa.table(f"unlike_{name}", sa.column("was", sa.Text()), sa.column("now", sa.Text()))
        named = sa.union(sa.select(unlike.c.was).where(unlike.c.was.is_not(None)), sa.select(unlike.c.now).where(unlike.c.now.is_not(None)))
        made = []
        for source, others, prefix in zip(sources, reversed(sources), ("then", "today"), strict=True):
            found = sa.exists().where(others.c.row_key == source.c.row_key, others.c.component == source.c.component)
            pair = sa.func.row_number().over(partition_by=source.c.row_key, order_by=(found.desc(), source.c.component))
            rows = sa.select(*source.c, sa.cast(pair, sa.Text()).label("pair")).where(source.c.component.in_(named))
            self.conn.execute(sa.schema.CreateTableAs(rows, f"{prefix}_{name}", temporary=True))
            self.conn.execute(sa.text(f"CREATE INDEX ON pg_temp.{prefix}_{name} (component)"))
            self.conn.execute(sa.text(f"ANALYZE pg_temp.{prefix}_{name}"))
            made.append(_temporary(f"{prefix}_{name}", source, sa.Column("pair", _TEXT)))
        self.conn.execute(sa.text(f"DROP TABLE unlike_{name}"))
        return made[0], made[1]

    def common(self, list_: str) -> tuple[str, ...]:
        """Return the columns of a list that both sides have, with the same name and type."""
        shared = common_columns(self.current.view(list_), self.frozen.view(list_))
        return (*_KEYS, *(column.name for column in shared))

    def clear(self) -> None:
        """Drop the temporary tables."""
        for table in (table for pair in self._sides.values() for table in pair):
            self.conn.execute(sa.schema.DropTable(table))
        if self._fresh:
            self.conn.execute(sa.text("DROP TABLE pg_temp.fresh, pg_temp.joined"))
        self._sides.clear()
        self._fresh = None

    def _compared(self, list_: str, was: sa.Table, now: sa.Table) -> sa.Select[tuple[str, str, str, list[str]]]:
        """Return row key, pair, cause and tellers of every row that came, went or reads differently."""
        old, new = was.alias("old"), now.alias("new")
        common = self.common(list_)
        cause = sa.case(
            (old.c.row_key.is_(None), self._came(list_, new, common, was)),
            (new.c.row_key.is_(None), self._went(list_, old, was, now)),
            else_=self._reads(list_, old, new, common, was),
        )
        named = (sa.func.coalesce(new.c[name], old.c[name]).label(name) for name in (*_KEYS, "pair"))
        changed = self._of_unlike(list_, old, new, _paired(old, new), *named, cause.label("cause"), _lost(old, new).label("lost")).subquery()
        tellers = sa.case(
            (sa.and_(changed.c.lost.is_not(None), changed.c.cause.in_(("撤回", "退出"))), changed.c.lost),
            (changed.c.cause.in_(("合并", "撤销合并")), changed.c.bureaus + sa.func.coalesce(changed.c.lost, sa.cast([], ARRAY(sa.Text())))),
            else_=self._tellers(list_, changed),
        )
        return sa.select(changed.c.row_key, changed.c.pair, changed.c.cause, tellers.label("tellers"))

    def _tellers(self, list_: str, row: sa.FromClause) -> sa.ColumnElement[list[str]]:
        """Return which of the row's bureaus said something of its entity since the close, else which others did: a payment settles what another approved."""
        if not self._has_fresh():
            return row.c.bureaus
        fresh = sa.table("fresh", *map(sa.column, ("kind", "component", "bureau")), schema="pg_temp").alias()
        own = fresh.c.bureau == sa.any_(row.c.bureaus)
        said, others = (
            sa.select(sa.func.array_agg(sa.distinct(fresh.c.bureau)))
            .where(fresh.c.kind.in_(kinds_of(list_)), fresh.c.component == row.c.component, whose).scalar_subquery()
            for whose in (own, ~own)
        )  # fmt: skip
        return sa.func.coalesce(said, others, row.c.bureaus)

    def _came(self, list_: str, new: sa.FromClause, common: Sequence[str], was: sa.Table) -> sa.ColumnElement[str]:
        elsewhere = self._elsewhere(was, list_, new)
        unsaid = BY_STAMP if list_ in self.restamped else "撤销合并"
        named: list[_When] = []
        if self._has_fresh():
            named += [(sa.and_(elsewhere, self._took_another_in(list_, new, was)), "合并")]
            from_others = sa.and_(self._parted(list_, new), sa.or_(elsewhere, ~self._said_since(list_, new, "added")))
            named += [(sa.and_(from_others, left), cause) for left, cause in self._taken_back(list_, new)]
            named += [(from_others, "撤销合并"), (sa.and_(elsewhere, self._said_since(list_, new)), "更正")]
        named += [(elsewhere, "合并"), (~self._said_since(list_, new), unsaid)]
        if "step" in common:
            named.append((new.c.step == "退货", "退货"))
        if {"step", "reason"} <= {*common}:
            back = new.c.step == "冲回"
            named += [(sa.and_(back, new.c.reason == reason), cause) for reason, cause in _REVERSALS.items()]
        if self._has_fresh():
            # Where nothing is said that had not been said before, the row is an old one whose key was corrected.
            named.append((sa.and_(self._said_since(list_, new, "revised"), ~self._said_since(list_, new, "added")), "更正"))
        return sa.case(*named, else_="迟报")

    def _went(self, list_: str, old: sa.FromClause, was: sa.Table, now: sa.Table) -> sa.ColumnElement[str]:
        elsewhere = self._elsewhere(now, list_, old)
        if not self._has_fresh():
            # Without a log there is nobody to ask what was said since: a row that is gone was taken back.
            return sa.case((elsewhere, "合并"), else_="撤回")
        joined = sa.or_(sa.and_(elsewhere, self._took_another_in(list_, old, was)), self._is_in_another(list_, old))
        named: list[_When] = [(joined, "合并"), *self._taken_back(list_, old), (self._parted(list_, old), "撤销合并")]
        unsaid = BY_STAMP if list_ in self.restamped else "合并"
        return sa.case(*named, (~self._said_since(list_, old), unsaid), else_="更正")

    def _reads(self, list_: str, old: sa.FromClause, new: sa.FromClause, common: Sequence[str], was: sa.Table) -> sa.ColumnElement[str]:
        lost = ~new.c.bureaus.contains(old.c.bureaus)
        named: list[_When] = []
        if self._has_fresh():
            named.append((self._took_another_in(list_, new, was), "合并"))
            named += [(sa.and_(lost, left), cause) for left, cause in self._taken_back(list_, new)]
        named += [(lost, "撤销合并"), (~self._said_since(list_, new), BY_STAMP)]
        if "admin_state" in common:
            named.append((sa.and_(new.c.admin_state == "退出", old.c.admin_state.is_distinct_from("退出")), "退出"))
        if "domain" in common:
            named.append((old.c.domain.is_distinct_from(new.c.domain), "领域调整"))
        if "counted" in common:
            # A payment reversed as a mistake: it is corrected, by a statement of its own.
            named.append((sa.and_(old.c.counted != 0, new.c.counted == 0), "更正"))
        return sa.case(*named, (self._said_since(list_, new, "revised"), "更正"), else_="迟报" if self._has_fresh() else "更正")

    def _elsewhere(self, rows: sa.Table, list_: str, row: sa.FromClause) -> sa.ColumnElement[bool]:
        """Ask whether the entity of a row has a row under another key on the other side: it was merged or split."""
        agree = self.current.view(list_).merge_columns
        if agree is None or not {*agree} <= {*self.common(list_)}:
            return sa.false()
        other = rows.alias()
        agreeing = (other.c[name] == row.c[name] for name in ("component", *agree))
        shares = sa.and_(other.c.row_key != row.c.row_key, *agreeing)
        return sa.exists(sa.select(sa.literal(1)).select_from(other).where(shares))

    def _is_in_another(self, list_: str, old: sa.FromClause) -> sa.ColumnElement[bool]:
        """Ask whether what a component was named by belongs to another one now."""
        if not self._has_fresh():
            return sa.false()
        joined = sa.table("joined", *map(sa.column, ("kind", "name", "component")), schema="pg_temp").alias()
        meets = (joined.c.kind.in_(kinds_of(list_)), joined.c.name == old.c.component, joined.c.component != old.c.component)
        return sa.exists(sa.select(sa.literal(1)).select_from(joined).where(*meets))

    def _took_another_in(self, list_: str, new: sa.FromClause, was: sa.Table) -> sa.ColumnElement[bool]:
        """Ask whether an entity that had rows of its own at the close belongs to this row's component now."""
        joined = sa.table("joined", *map(sa.column, ("kind", "name", "component")), schema="pg_temp").alias()
        other = was.alias()
        both = joined.join(other, other.c.component == joined.c.name)
        meets = (joined.c.kind.in_(kinds_of(list_)), joined.c.component == new.c.component, joined.c.name != new.c.component)
        return sa.exists(sa.select(sa.literal(1)).select_from(both).where(*meets))

    def _parted(self, list_: str, row: sa.FromClause) -> sa.ColumnElement[bool]:
        """Ask whether an entity of the row's component was joined at the close with one that is apart from it now."""
        mine, other = (sa.table("joined", *map(sa.column, ("kind", "component", "was")), schema="pg_temp").alias() for _ in range(2))
        meets = (mine.c.kind.in_(kinds_of(list_)), mine.c.component == row.c.component, other.c.kind == mine.c.kind, other.c.was == mine.c.was)
        both = sa.select(sa.literal(1)).select_from(mine.join(other, sa.and_(*meets, other.c.component != mine.c.component)))
        return sa.exists(both)

    def _taken_back(self, list_: str, row: sa.FromClause) -> Iterator[_When]:
        """Yield whether what was said of the entity, or by one that was joined with it, was taken back as a mistake, or left at a date."""
        yield self._said_since(list_, row, "withdrawn"), "撤回"
        yield self._said_since(list_, row, "departed"), "退出"

    def _said_since(self, list_: str, row: sa.FromClause, how: Literal["", "withdrawn", "departed", "revised", "added"] = "") -> sa.ColumnElement[bool]:
        """Ask whether an event of the row's entity arrived since the close; or one that takes a mistake back, lets it leave, says anew, or says what nobody had said."""
        if not self._has_fresh():
            return sa.literal(value=True)
        fresh = sa.table("fresh", *map(sa.column, ("kind", "component", "withdrawn", "departed", "revised", "added")), schema="pg_temp").alias()
        meets = [fresh.c.kind.in_(kinds_of(list_)), fresh.c.component == row.c.component]
        if how:
            meets.append(fresh.c[how])
        return sa.exists(sa.select(sa.literal(1)).select_from(fresh).where(*meets))

    def _has_fresh(self) -> bool:
        """Note the entities of which something arrived since the close, under their own name and their component's; tell whether that is known."""
        if self._fresh is None:
            self._fresh = self.batch_no is not None and exists(self.conn, "log.event_log") and exists(self.conn, f"{self.schema}.claim")
            if self._fresh:
                self._note_fresh()
        return self._fresh

    def _note_fresh(self) -> None:
        live, frozen = f"{self.schema}.claim", f"{self.frozen.schema}.claim"
        # Months that earlier versions closed do not tell who belonged together then.
        named = "JOIN pg_temp.outdated USING (kind, component)" if self.touched else ""
        statement = _JOINED.format(live=live, frozen=frozen if exists(self.conn, frozen) else live, named=named)
        self.conn.execute(sa.text(statement))
        among = "JOIN (SELECT DISTINCT kind, topic_no, entity FROM pg_temp.member) AS m USING (kind, topic_no, entity)" if self.touched else ""
        self.conn.execute(sa.text(_FRESH.format(among=among)), {"batch_no": self.batch_no})
        for index in ("fresh (component, kind)", "joined (name, kind)", "joined (component, kind)", "joined (was, kind)"):
            self.conn.execute(sa.text(f"CREATE INDEX ON pg_temp.{index}"))
        for table in ("fresh", "joined"):
            self.conn.execute(sa.text(f"ANALYZE pg_temp.{table}"))


def _paired(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.row_key == other.c.row_key, one.c.pair == other.c.pair)


def _temporary(name: str, source: sa.FromClause, *more: sa.Column[Any]) -> sa.Table:
    return _table(name, tuple((column.name, column.type) for column in (*source.c, *more)))


@lru_cache(maxsize=512)
def _table(name: str, columns: tuple[tuple[str, sa.types.TypeEngine[Any]], ...]) -> sa.Table:
    """Return the same table for the same name and columns: what is asked of it for one month is compiled once for all."""
    return sa.Table(name, sa.MetaData(), *(sa.Column(*column) for column in columns))


def _lost(old: sa.FromClause, new: sa.FromClause) -> sa.ColumnElement[list[str]]:
    """Return the bureaus of a row at the close that are not its own any more; ``None`` where there are none, or the row came or went."""
    bureau = sa.func.unnest(old.c.bureaus).column_valued("bureau")
    gone = sa.select(sa.func.array_agg(bureau)).where(new.c.row_key.is_not(None), bureau != sa.all_(new.c.bureaus))
    return gone.scalar_subquery()


#: Entities that are joined with others, or were at the close: by its own name, the component of each now and then.
_JOINED = """CREATE TEMP TABLE joined ON COMMIT DROP AS
    SELECT kind, own.name, coalesce(n.component, own.name) AS component, coalesce(o.component, own.name) AS was
    FROM (SELECT kind, topic_no, entity FROM {live} {named} UNION SELECT kind, topic_no, entity FROM {frozen} {named}) AS c JOIN log.topic t USING (topic_no)
    CROSS JOIN LATERAL (SELECT t.bureau || ':' || c.entity AS name) AS own
    LEFT JOIN {live} n USING (kind, topic_no, entity) LEFT JOIN {frozen} o USING (kind, topic_no, entity)"""

#: What arrived since the close, under its own name, its component's and, where it took something back, those of what it had been joined with.
_FRESH = """CREATE TEMP TABLE fresh ON COMMIT DROP AS
    WITH new AS (
        SELECT kind, topic_no, entity, array_agg(DISTINCT register) AS registers, bool_or(withdrawn AND dated_on = '-infinity') IS TRUE AS withdrawn,
            bool_or(withdrawn AND dated_on IS DISTINCT FROM '-infinity') AS departed
        FROM log.event_log e {among} WHERE e.batch_no > :batch_no GROUP BY 1, 2, 3),
    said AS (
        SELECT n.kind, t.bureau, t.bureau || ':' || n.entity AS name, n.withdrawn, n.departed, known.before > 0 AS revised,
            known.before < cardinality(n.registers) AS added
        FROM new n JOIN log.topic t USING (topic_no) CROSS JOIN LATERAL (
            SELECT count(DISTINCT b.register) AS before FROM log.event_log b
            WHERE b.topic_no = n.topic_no AND b.kind = n.kind AND b.entity = n.entity AND b.batch_no <= :batch_no AND b.register = ANY (n.registers)
        ) AS known)
    SELECT kind, component, bureau, bool_or(withdrawn) AS withdrawn, bool_or(departed) AS departed, bool_or(revised) AS revised, bool_or(added) AS added FROM (
        SELECT s.*, unnest(ARRAY[s.name, j.component]) AS component FROM said s LEFT JOIN pg_temp.joined j USING (kind, name)
        UNION ALL
        SELECT s.kind, s.bureau, s.name, s.withdrawn, s.departed, false, false, unnest(ARRAY[j.was, o.component])
        FROM said s JOIN pg_temp.joined j USING (kind, name) JOIN pg_temp.joined o ON (o.kind, o.was) = (j.kind, j.was) WHERE s.withdrawn OR s.departed
    ) AS told WHERE component IS NOT NULL GROUP BY 1, 2, 3"""

#: Reason of a reversal → what it is as a cause.
_REVERSALS: Mapping[str, str] = {"退货": "退货", "追缴": "追缴", "差错": "更正"}
