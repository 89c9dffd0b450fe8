"""Figures from events equal those of an oracle in plain code, written from FIGURES.md, over generated years with labelled traps."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from exchange_contracts import codec, envelope
from exchange_contracts.events import EVENTS
from exchange_hub.processes.compose import Hub
from exchange_hub.programme.figures import cubes, definitions
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.inputs import frame_of, with_codes
from exchange_hub.reports.model import Figure
from exchange_hub.reports.owed import Owed
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.reading import read
from exchange_hub.views.statement import Record, Rejection
from tests.bench.ours import Memory
from tests.closing.reading import read as read_cubes
from tests.oracle import figures_stocks as stocks
from tests.oracle.figures import Figures, Year
from tests.oracle.figures_events import TRAPS, Told, year

DISTRICT = Path("deploy/districts/wuqing")
SEEDS = range(20)


@pytest.fixture(scope="module")
def hub() -> Hub:
    """The sample district."""
    return Hub.load(Settings(district=DISTRICT))


def figures_of(hub: Hub, told: Sequence[Told], month: str, as_of: date) -> Figures:
    """Return the figures that have a value."""
    return {id_: figure.value for id_, figure in all_of(hub, told, month, as_of).items() if figure.value is not None}


def all_of(hub: Hub, told: Sequence[Told], month: str, as_of: date) -> dict[str, Figure]:
    """Read events as a worker does, fold them, and work out the figures of the lists."""
    memory, rules = Memory(hub.rules()), hub.rules()
    for number, t in enumerate(told):
        common = {
            "bureau": t.bureau, "source": "excel", "entity_key": t.key, "revision": t.revision, "recorded_at": datetime(2027, 2, 1, tzinfo=UTC),
        }  # fmt: skip
        event = EVENTS[t.event].model_validate(common | t.facts)
        record = Record(1, number, 0, t.key.encode(), codec.encode(event), tuple(envelope.headers(event)))
        result = read(record, t.bureau, rules)
        assert not isinstance(result, Rejection), result.reason
        memory.take([(t.bureau, *result)])
    lists: dict[str, list[dict[str, object]]] = {name: [] for name in BY_NAME}
    for key, rows in memory.rows.items():
        for row in rows:
            empty = dict.fromkeys((column.name for column in BY_NAME[row.list].columns), None)
            bureaus = list(row.bureaus or (key.bureau,))
            lists[row.list].append(empty | row.values | {"row_key": row.key, "component": str(key), "bureaus": bureaus})
    frame = frame_of(hub.district, month, as_of)
    cells = read_cubes(lists, cubes(frame))
    frame = with_codes(frame, hub.district, cells)
    return evaluate(definitions(frame), cells, Owed(hub.district, frame, cells).standing)


@pytest.mark.parametrize("month", ["2026-01", "2026-06", "2025-12"])
@pytest.mark.parametrize("seed", SEEDS)
def test_figures_of_a_generated_year_equal_the_oracle_s(hub: Hub, seed: int, month: str) -> None:
    """Every figure that the oracle knows, whatever traps the year holds."""
    told = year(seed, int(month[:4]))
    reader = Year(told, month)
    expected, found = reader.figures(), figures_of(hub, told, month, reader.day)
    wrong = {id_: f"{found.get(id_)}, right is {value}" for id_, value in expected.items() if found.get(id_, Decimal(0)) != value}
    assert not wrong, f"seed {seed}, {month}, traps {Counter(t.trap for t in told)}"


@pytest.mark.parametrize("month", ["2026-01", "2026-09", "2026-10"])
@pytest.mark.parametrize("seed", SEEDS)
def test_stocks_cumulatives_and_what_is_nothing_equal_the_oracle_s(hub: Hub, seed: int, month: str) -> None:
    """Values, the words in their place, and the month with which a figure ends."""
    tale = stocks.story(seed, month)
    figures = all_of(hub, tale.told, month, tale.day)

    def shown(id_: str) -> tuple[Decimal | str, str]:
        figure = figures[id_]
        end = figure.period.rpartition("/")[2]
        return figure.absent if figure.value is None else figure.value, end if len(end) == len(month) and end != month else ""

    wrong = {id_: (shown(id_), right) for id_, right in stocks.expected(tale).items() if shown(id_) != right}
    assert not wrong, f"seed {seed}, {month}"


def test_the_years_hold_every_trap() -> None:
    """A trap that never comes would prove nothing."""
    seen = {t.trap for seed in SEEDS for t in year(seed)}
    assert seen >= {trap.__name__ for trap in TRAPS}


def test_a_finished_project_is_not_announced_and_a_renewed_policy_is_in_force_again(hub: Hub) -> None:
    """FIGURES 17: whatever day was planned; from valid_from to valid_to or its expiry, and again when renewed."""
    plain = {"name": "甲", "list": "设备更新", "domain": "工业", "construction_nature": "扩建", "owner_name": "乙", "total_investment": Decimal(1)}
    projects = [
        Told("industry", "ProjectAdded", f"P{n}", plain | {"internal_no": f"P{n}", "build_state": state, "ends_on_planned": date(2026, 7, 9), "occurred_on": date(2026, 5, 1)})
        for n, state in enumerate(("竣工", "投产", "在建"))
    ]  # fmt: skip
    card = {"document_no": "津财〔2026〕1号", "name": "政策", "issuer": "市", "level": "市级", "support_kind": "补助"}
    policies = [
        Told("finance", "PolicyListed", "Y1", card | {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 3, 31), "occurred_on": date(2026, 1, 1)}),
        Told("finance", "PolicyExpired", "Y1", {"document_no": card["document_no"], "level": "市级", "expired_on": date(2026, 3, 31), "occurred_on": date(2026, 3, 31)}),
        Told("finance", "PolicyListed", "Y2", card | {"document_no": "津财〔2026〕2号", "valid_from": date(2026, 8, 1), "occurred_on": date(2026, 5, 1)}),
    ]  # fmt: skip
    renewed = Told("finance", "PolicyChanged", "Y1", card | {"valid_from": date(2026, 5, 1), "valid_to": date(2027, 3, 31), "occurred_on": date(2026, 5, 1)}, revision=2)
    found = figures_of(hub, [*projects, *policies], "2026-06", date(2026, 6, 30))
    assert found["equipment.合计.ending"] == 1
    assert not found.get("policies.合计.in_force"), "one has expired, one is not valid yet"
    assert figures_of(hub, [*policies, renewed], "2026-06", date(2026, 6, 30))["policies.合计.in_force"] == 1


def test_a_problem_raised_again_is_open_again_and_a_plan_counts_once(hub: Hub) -> None:
    """FIGURES 6 and 17: however many documents fulfil an expected plan; both dates of a problem are kept."""
    raised = {"problem_no": "1", "text": "用能指标不足"}
    told = [
        Told("industry", "ProblemRaised", "1", raised | {"occurred_on": date(2026, 3, 1)}),
        Told("industry", "ProblemResolved", "1", {"problem_no": "1", "resolution": "已协调", "occurred_on": date(2026, 3, 9)}),
        *(Told("industry", "PlanIssued", f"F{n}", {"plan_kind": "行业", "title": f"方案{n}", "issued_on": date(2026, 4, n + 1), "occurred_on": date(2026, 4, 1)}) for n in range(5)),
        Told("commerce", "PlanIssued", "G", {"plan_kind": "总体", "title": "不在应出台之列", "issued_on": date(2026, 4, 1), "occurred_on": date(2026, 4, 1)}),
    ]  # fmt: skip
    found = figures_of(hub, told, "2026-06", date(2026, 6, 30))
    assert (found["problems.合计.open"], found["plans.合计.issued"]) == (0, 1)
    again = Told("industry", "ProblemRaised", "1", raised | {"occurred_on": date(2026, 5, 2)}, revision=2)
    assert figures_of(hub, [*told, again], "2026-06", date(2026, 6, 30))["problems.合计.open"] == 1
