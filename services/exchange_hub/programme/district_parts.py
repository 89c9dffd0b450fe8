"""The parts of a district as frozen values: what each table of its TOML files says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import ConfigDict

from exchange_contracts.vocabulary import (
    BuildState,
    ConstructionNature,
    DocumentLevel,
    MeasureForm,
    Procedure,
    ScrapCategory,
    ScrapStep,
)

_STRICT_KEYS = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Bureau:
    """A bureau, the coordination office or a reader.

    Attributes:
        code: short code; part of topic names and events.
        lists: list views it may report.
        roles: what the plan gives it beside its tasks, in Chinese.
        kind: a town is a reporter of the second kind, made from ``towns.toml``.
        publishes: overrides the rule that readers publish nothing.
    """

    __pydantic_config__ = _STRICT_KEYS
    code: str
    name: str
    full_name: str
    lists: tuple[str, ...]
    roles: tuple[str, ...]
    kind: Literal["bureau", "coordination", "reader", "town"] = "bureau"
    publishes: bool | None = None

    @property
    def has_topic(self) -> bool:
        """Whether it publishes events and so owns an events topic."""
        return self.kind != "reader" if self.publishes is None else self.publishes


@dataclass(frozen=True, slots=True)
class Town:
    """A town, street or park.

    Attributes:
        confirmed: whether the district has checked the name.
        code: part of topic names and events; a town without one cannot report.
        reports: whether it reports itself: from then on it has topics, rights and duties like a bureau.
    """

    __pydantic_config__ = _STRICT_KEYS
    name: str
    kind: Literal["街道", "镇", "园区"]
    confirmed: bool
    aliases: tuple[str, ...] = ()
    code: str = ""
    reports: bool = False


@dataclass(frozen=True, slots=True)
class TownReporting:
    """What every town that reports may report, and which of these lists it owes each month."""

    __pydantic_config__ = _STRICT_KEYS
    lists: tuple[str, ...]
    owes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def reporter(self, town: Town) -> Bureau:
        """Return a town as a reporter."""
        return Bureau(code=town.code, name=town.name, full_name=town.name, lists=self.lists, roles=self.roles, kind="town")

    def problems(self, towns: tuple[Town, ...]) -> Iterator[str]:
        """Say what keeps towns from reporting."""
        yield from (f"towns.toml: {town.name}: reports without a code" for town in towns if town.reports and not town.code)
        if not self.lists and any(town.reports for town in towns):
            yield "towns.toml: towns report, but [reporting] lets them report no list"
        yield from (f"towns.toml: [reporting] owes {owed}, which it does not let towns report" for owed in self.owes if owed not in self.lists)


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
    """An indicator of the open catalogue; *code* is the value events carry in ``indicator``.

    Attributes:
        growth_target: target ÷ base, where only a growth is asked for.
        target: the target itself, where the catalogue gives it; what a bureau sets stands before both.
        by_city: whether the city asks for it, and not the work plan: then it stands in the workbook alone.
        target_source: what the target is taken from, empty for the work plan.
        surveyed: whether the survey of energy-using equipment measures it, too.
        verified: whether that was read on the issuing office's own site, or confirmed by it.
    """

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
    target: str = ""
    by_city: bool = False
    target_source: str = ""
    verified: bool = True
    surveyed: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of equipment renewal: its lead bureau, who else reports it, whether it counts in goal 1.

    Attributes:
        lead: empty where none is settled: then the order of bureaus decides, and nobody owes its cells.
        confirmed: whether the coordination office has confirmed the lead.
        source: what asks for the domain, where the work plan does not.
    """

    __pydantic_config__ = _STRICT_KEYS
    name: str
    lead: str
    bureaus: tuple[str, ...]
    goal_1: bool
    confirmed: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedPlan:
    """A plan that the work plan asks a bureau to issue."""

    __pydantic_config__ = _STRICT_KEYS
    kind: str
    title: str
    bureau: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call for equipment projects: the conditions that a project must meet; what is not given is not asked.

    Attributes:
        source: what the conditions were read in; *verified* whether that was the issuing office's own text.
        total_min: least total investment in yuan.
        progress_max: greatest share of the total investment that is done, in %; some must be.
        old_share_min: least share of the old equipment's original value in the new one's price, in %.
    """

    __pydantic_config__ = _STRICT_KEYS
    name: str
    source: str
    verified: bool
    document_no: str = ""
    total_min: int = 0
    progress_max: int = 0
    old_share_min: int = 0
    states: tuple[BuildState, ...] = ()
    not_natures: tuple[ConstructionNature, ...] = ()
    owned: bool = False
    depreciated: bool = False
    procedures: tuple[Procedure, ...] = ()


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
    """That the *bureaus* report *list* every month, from *first_month* on where this duty begins later than the others."""

    __pydantic_config__ = _STRICT_KEYS
    list: str
    bureaus: tuple[str, ...]
    first_month: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorDuty:
    """Who reports an indicator's values in a series, and how often; its base and targets are whose the indicator is."""

    __pydantic_config__ = _STRICT_KEYS
    code: str
    series: Literal["统计", "调度", "代理"]
    bureaus: tuple[str, ...]
    cycle: Literal["月", "季", "年"]


Sharing = Literal["无条件共享", "有条件共享", "不予共享"]
Cycle = Literal["实时", "每月", "每季", "每年", "不定期"]


@dataclass(frozen=True, slots=True)
class SharingRules:
    """What the catalogue of data (数据资源目录) says of every list that no :class:`SharedList` names.

    Attributes:
        prefix: begins the code of every resource.
        provider: bureau that keeps the catalogue.
        confirmed: whether the district has decided sharing classes and cycles.
    """

    __pydantic_config__ = _STRICT_KEYS
    prefix: str
    provider: str
    sharing: Sharing
    condition: str
    cycle: Cycle
    confirmed: bool


@dataclass(frozen=True, slots=True)
class SharedList:
    """How a list may be shared, under which condition, and how often it is updated."""

    __pydantic_config__ = _STRICT_KEYS
    list: str
    sharing: Sharing
    cycle: Cycle
    condition: str = ""


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
class Imprint:
    """What stands at the end of the report (版记): posts and offices, never names of persons.

    Attributes:
        signed_by: the post that signs it (签发).
        reports_to: whom it is submitted to (报).
        copies_to: who gets a copy (送).
    """

    __pydantic_config__ = _STRICT_KEYS
    signed_by: str
    reports_to: tuple[str, ...] = ()
    copies_to: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as they are printed."""
        sent = (f"{mark}：{'、'.join(to)}" for mark, to in (("报", self.reports_to), ("送", self.copies_to)) if to)
        return ("　".join((*sent, f"签发：{self.signed_by}")),)


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
    imprint: Imprint | None = None


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
