"""What planted problems are made of: an event with plain facts, a project, and the form of a case."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from exchange_contracts import codec, envelope
from exchange_contracts.events import EVENTS
from tests.strategies.universe import Item


def event(name: str, /, bureau: str, key: str, revision: int = 1, *, on: str = "2026-10-15", **facts: Any) -> Item:
    """An event with plain common facts; *on* is its business date."""
    common = {
        "bureau": bureau, "source": "excel", "entity_key": key, "revision": revision, "occurred_on": date.fromisoformat(on),
        "recorded_at": datetime(2026, 11, 2, tzinfo=UTC), "granularity": "明细",
    }  # fmt: skip
    if "on" in EVENTS[name].model_fields:
        facts = {"on": on} | facts
    made = EVENTS[name].model_validate(common | facts)
    return Item(bureau, key.encode(), codec.encode(made), tuple(envelope.headers(made)), sound=True, event=name)


@dataclass(frozen=True)
class Case:
    """A kind of problem.

    Attributes:
        rule: code of the finding that it raises.
        bureaus: who can answer.
        says: what the finding's words name, such as its month.
        planted: tag → events with the problem, every number in them beginning with the tag.
        sound: tag → events without it.
    """

    name: str
    rule: str
    bureaus: tuple[str, ...]
    says: str
    planted: Callable[[str], Iterable[Item]]
    sound: Callable[[str], Iterable[Item]]


def project(tag: str, bureau: str = "industry", revision: int = 1, on: str = "2026-09-30", **facts: Any) -> Item:
    stated = {
        "project_code": None, "internal_no": tag, "name": f"项目{tag}", "list": "设备更新", "domain": "工业", "construction_nature": "改建和技术改造",
        "owner_name": "某厂", "total_investment": "9000000.00", "equipment_investment": "5000000.00", "build_state": "在建", "fund_state": "未申报",
        "admin_state": "正常", "funding": {}, "planned_by_year": {},
    }  # fmt: skip
    return event("ProjectAdded", bureau, f"{tag}-p", revision, on=on, **stated | facts)
