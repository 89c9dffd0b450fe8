"""The parts of a district as frozen values: what each table of its TOML files says."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import ConfigDict

from exchange_contracts.vocabulary import DocumentLevel, MeasureForm, ScrapCategory, ScrapStep

_STRICT_KEYS = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Bureau:
    """A bureau, the coordination office or a reader.

    Attributes:
        code: short code; part of topic names and events.
        lists: list views it may report.
        roles: what the plan gives it beside its tasks, in Chinese.
        publishes: overrides the rule that readers publish nothing.
    """

    __pydantic_config__ = _STRICT_KEYS
    code: str
    name: str
    full_name: str
    lists: tuple[str, ...]
    roles: tuple[str, ...]
    kind: Literal["bureau", "coordination", "reader"] = "bureau"
    publishes: bool | None = None

    @property
    def has_topic(self) -> bool:
        """Whether it publishes events and so owns an events topic."""
        return self.kind != "reader" if self.publishes is None else self.publishes


@dataclass(frozen=True, slots=True)
class Town:
    """A town, street or park; *confirmed* once the district has checked the name."""

    __pydantic_config__ = _STRICT_KEYS
    name: str
    kind: Literal["街道", "镇", "园区"]
    confirmed: bool
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A task, safeguard or working requirement of the plan, with the bureaus its bracket names.

    Attributes:
        everyone: the bracket adds all related bureaus, towns, streets and parks.
    """

    __pydantic_config__ = _STRICT_KEYS
    no: str
    title: str
    bureaus: tuple[str, ...]
    area: str = ""
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal to 2027, its leading bureaus and the indicators that measure it."""

    __pydantic_config__ = _STRICT_KEYS
    no: str
    text: str
    leads: tuple[str, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator of the open catalogue; *code* is the value events carry in ``indicator``."""

    __pydantic_config__ = _STRICT_KEYS
    code: str
    title: str
    unit: str
    series: Literal["统计", "调度", "代理"]
    definition: str
    responsible: tuple[str, ...]
    source: str
    numerator: str = ""
    denominator: str = ""
    by_domain: bool = False
    growth_target: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of equipment renewal: its lead bureau, who else reports it, whether it counts in goal 1."""

    __pydantic_config__ = _STRICT_KEYS
    name: str
    lead: str
    bureaus: tuple[str, ...]
    goal_1: bool


@dataclass(frozen=True, slots=True)
class ExpectedPlan:
    """A plan that the work plan asks a bureau to issue."""

    __pydantic_config__ = _STRICT_KEYS
    kind: str
    title: str
    bureau: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class PrecedenceRule:
    """Whose statement wins for *list* and *field* (``*`` = every field), and why."""

    __pydantic_config__ = _STRICT_KEYS
    list: str
    field: str
    bureaus: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Duty:
    """That the *bureaus* report *list* every month."""

    __pydantic_config__ = _STRICT_KEYS
    list: str
    bureaus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whose word makes a cell of *list* 0 (FIGURES 14): of some steps and categories, where they are named, other bureaus than owe the list.

    Attributes:
        settled_by_city: the city settles these itself; a cell without rows says so.
    """

    __pydantic_config__ = _STRICT_KEYS
    list: str
    bureaus: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    settled_by_city: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """One submission that is owed: *bureau* owes *list* for *month* by *due_on*, ``None`` where the calendar does not reach so far."""

    bureau: str
    list: str
    month: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The published work plan that the district's data comes from."""

    __pydantic_config__ = _STRICT_KEYS
    title: str
    issued_on: date
    issuer: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The term for local measures, counted from the day after receipt.

    Attributes:
        working_days: the term.
        levels: levels of documents that have it; those of other levels are listed without a clock (FIGURES 17).
        longer: form of a measure → its own, longer term in working days.
    """

    __pydantic_config__ = _STRICT_KEYS
    working_days: int
    source: str
    levels: tuple[DocumentLevel, ...] = ("市",)
    longer: dict[MeasureForm, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """The monthly review: when it is due and after how many days an approved subsidy counts as overdue."""

    __pydantic_config__ = _STRICT_KEYS
    due_day: int
    overdue_payment_days: int


@dataclass(frozen=True, slots=True)
class Scrappage:
    """By which step scrapped equipment counts: *step*, and of some categories another."""

    __pydantic_config__ = _STRICT_KEYS
    step: ScrapStep
    by_category: dict[ScrapCategory, ScrapStep] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """``district.toml``: what the district is called and the constants of its programme."""

    __pydantic_config__ = _STRICT_KEYS
    format: Literal[1]
    id: str
    code: str
    name: str
    city: str
    programme: str
    short_programme: str
    report_title: str
    time_zone: str
    currency_unit: Literal["元", "万元", "亿元"]
    base_year: int
    target_year: int
    plan: Plan
    clock: Clock
    review: Review
    scrappage: Scrappage


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A year of the calendar, as announced by *source*."""

    __pydantic_config__ = _STRICT_KEYS
    year: int
    source: str
    holidays: tuple[date, ...]
    working: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class DomainTable:
    """Which version of the table of domains (领域归口) this is, who decided it and whether it is confirmed."""

    __pydantic_config__ = _STRICT_KEYS
    version: str
    decided_by: str
    confirmed: bool
