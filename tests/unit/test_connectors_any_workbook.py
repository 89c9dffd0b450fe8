"""Whatever stands in a workbook's cells, the inspection answers with findings and sound statements, never with a crash."""

from datetime import date, datetime, time
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_connectors.excel import Mapping, inspect, load
from exchange_connectors.excel.checks import NoMemory
from exchange_connectors.excel.workbook import Merge, Sheet, Workbook
from exchange_contracts import personal

DISTRICT = Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors"

WORDS = st.sampled_from(
    ["合计", "小计", "注：", "—", "无", "3台", "1.2E+17", "2026年9月", "2.5台", "在建", "工业/能源", "３，２００", "-5", "13800138000",
     "2509-120114-89-01-544060", "91120114MA06ABCD17", "=1+1", "填表人：", "设备更新项目清单", "区商务局（牵头）、区财政局"]
)  # fmt: skip
CELLS = st.one_of(
    st.none(),
    WORDS,
    st.text(max_size=12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.dates(),
    st.datetimes(min_value=datetime(1800, 1, 1)),  # noqa: DTZ001 - a spreadsheet's times have no zone
    st.just(time(12, 30)),
)


@cache
def district() -> list[Mapping]:
    """The district's own connectors."""
    return [load(path) for path in sorted(DISTRICT.glob("*.toml"))]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_cells_are_answered(data: st.DataObject) -> None:
    """Random cells under right headers: no exception, every finding in words, no personal number in a statement."""
    mappings = district()
    mapping = mappings[data.draw(st.integers(0, len(mappings) - 1))]
    mapped = mapping.sheet[data.draw(st.integers(0, len(mapping.sheet) - 1))]
    headers: list[object] = [header.split("/")[-1] for header in mapped.columns]
    parents: list[object] = [header.split("/")[0] if "/" in header else None for header in mapped.columns]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(headers), max_size=len(headers)), max_size=5))
    merges = data.draw(
        st.lists(st.builds(lambda t, c: Merge(t, c, t + 1, c), st.integers(1, 6), st.integers(1, 9)), max_size=2)
    )
    grid = [["（2026年9月）单位：万元"], parents, headers, *rows]
    sheet = Sheet(mapped.name or "x", grid, tuple(merges), hidden_rows={5})  # type: ignore[arg-type]
    seen = inspect(Workbook("2026年9月.xlsx", (sheet,)), mapping, NoMemory())
    assert all(finding.message and not personal.holds_personal_number(finding.message) for finding in seen.findings)
    for placed in seen.statements:
        assert not personal.holds_personal_number(str(dict(placed.statement.facts)))
        assert placed.statement.facts["occurred_on"] >= date(1900, 1, 1)
