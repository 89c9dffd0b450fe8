"""Why a figure changes without a changed row: what the stamps of a close and of the views now say (invariant 8)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.closed.close import close
from tests.closing.store import change
from tests.flow.test_close import SEPTEMBER, STAMP, district, engine, server

__all__ = ["district", "engine", "server"]


@contextmanager
def stamped(engine: sa.Engine, whole: Mapping[str, str], funds: Mapping[str, str]) -> Iterator[None]:
    """Views that carry a stamp of the whole and one of the list of funds."""
    change(engine, "CREATE TABLE live.view_stamp (kind text, code text, contracts text, configuration text)")
    for kind, stamp in (("", whole), ("fund", funds)):
        change(engine, f"INSERT INTO live.view_stamp VALUES ('{kind}', '{stamp['code']}', '{stamp['contracts']}', '{stamp['configuration']}')")
    try:
        yield
    finally:
        change(engine, "DROP TABLE live.view_stamp")


@pytest.mark.parametrize(
    ("now", "funds", "causes"),
    [
        ({"configuration": "e"}, {}, ("基础数据变更",)),
        ({"configuration": "e", "code": "0.2"}, {"code": "0.2"}, ("基础数据变更", "口径修正")),
        ({"code": "0.2"}, {"code": "0.2"}, ("口径修正",)),
        ({"configuration": "e", "code": "0.2"}, {}, ("基础数据变更",)),
    ],
    ids=["other data", "both", "another method", "another method of other lists"],
)
def test_a_change_without_a_changed_row_is_explained_by_the_stamps(
    engine: sa.Engine, district: District, now: dict[str, str], funds: dict[str, str], causes: tuple[str, ...]
) -> None:
    """Another digest of the district's files is 基础数据变更, another code of the figure's own list 口径修正; another list's is no cause."""
    with stamped(engine, STAMP, STAMP):
        close(engine, district, SEPTEMBER)
    with stamped(engine, STAMP | now, STAMP | funds), engine.begin() as conn:
        row = snapshot.stored(conn, "2026-09")
        stamps = diff.Stamps(row["stamp"], row["list_stamps"], snapshot.view_stamp(conn, "live"), snapshot.list_stamps(conn, "live"))
    assert row["stamp"] == STAMP
    assert stamps.causes("funds") == causes


def test_a_month_closed_before_lists_had_stamps_is_explained_by_the_whole() -> None:
    """What b41c509 kept, and its views, have the three parts alone: they are compared as they were then."""
    newer = {**STAMP, "code": "0.2"}
    assert diff.Stamps(STAMP, {}, newer, {"funds": STAMP}).causes("funds") == ("口径修正",)
    assert diff.Stamps(STAMP, {"funds": STAMP}, {**newer, "configuration": "e"}, {}).causes("funds") == ("基础数据变更", "口径修正")
