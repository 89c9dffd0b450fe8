"""A district as data: its bureaus, towns, tasks, goals, expected plans, calendar, precedence and monthly duties.

A district is a folder of TOML files and nothing else. ``District.load`` reads the folder; ``District.of`` builds the
same from parsed tables and touches no file. Every problem of the folder is reported at once, in English.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError

from exchange_hub.programme.calendar import Calendar, CalendarError
from exchange_hub.programme.district_parts import (
    Bureau,
    CalendarYear,
    Call,
    Debtor,
    Domain,
    DomainTable,
    Duty,
    Expected,
    ExpectedPlan,
    Goal,
    Indicator,
    IndicatorDuty,
    Measure,
    PrecedenceRule,
    Profile,
    SharedList,
    SharingRules,
    Town,
    TownReporting,
)  # fmt: skip
from exchange_hub.programme.task_progress import PlanTask

__all__ = [
    "COORDINATION", "FILES", "Bureau", "Debtor", "District", "DistrictError", "Domain", "Duty", "Expected", "ExpectedPlan", "Goal",
    "Indicator", "IndicatorDuty", "Measure", "PrecedenceRule", "Profile", "Town",
]  # fmt: skip

FILES: Final = (
    "district", "bureaus", "towns", "tasks", "goals", "plans", "calendar", "precedence", "submissions",
)  # fmt: skip
"""The TOML files of a district folder; other files of the folder belong to connectors and samples."""

COORDINATION: Final = "coordination"
LEAD: Final = "@lead"
ORDER: Final = "@order"
ANY_FIELD: Final = "*"


class DistrictError(ValueError):
    """The district folder has problems; ``problems`` lists all of them."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("district folder has problems:\n" + "\n".join(f"- {p}" for p in self.problems))


@dataclass(frozen=True, slots=True)
class District:
    """A district, checked: every code that one file names exists in the file that defines it.

    Attributes:
        bureaus: in the order of ``bureaus.toml``, which is the last word of precedence; behind them the towns that report.
        town_reporting: what each of those towns may report and owes, nothing where the district says nothing of it.
        domains_version: version of the table that says which equipment counts for which domain (领域归口); *domains_confirmed* whether it is decided.
        default_ranking: ranking where no precedence rule speaks.
        submission_due_day: day of the following month by which a month's lists are due.
        first_month: first month for which lists are owed.
    """

    profile: Profile
    bureaus: tuple[Bureau, ...]
    towns: tuple[Town, ...]
    town_reporting: TownReporting
    tasks: tuple[Measure, ...]
    safeguards: tuple[Measure, ...]
    requirements: tuple[Measure, ...]
    goals: tuple[Goal, ...]
    indicators: tuple[Indicator, ...]
    domains: tuple[Domain, ...]
    domains_version: str
    domains_confirmed: bool
    plans: tuple[ExpectedPlan, ...]
    calls: tuple[Call, ...]
    calendar: Calendar
    precedence: tuple[PrecedenceRule, ...]
    default_ranking: tuple[str, ...]
    duties: tuple[Duty, ...]
    debtors: tuple[Debtor, ...]
    indicator_duties: tuple[IndicatorDuty, ...]
    sharing_rules: SharingRules
    shared_lists: tuple[SharedList, ...]
    submission_due_day: int
    first_month: str
    _digest: str = field(repr=False)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read and check the district folder *path*.

        Raises:
            DistrictError: a file is missing or unreadable, or its content is wrong; all problems are listed.
        """
        folder = Path(path)
        tables: dict[str, dict[str, Any]] = {}
        problems = []
        for name in FILES:
            file = folder / f"{name}.toml"
            try:
                tables[name] = tomllib.loads(file.read_text(encoding="utf-8"))
            except OSError as error:
                problems.append(f"{file}: cannot be read: {error.strerror}")
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                problems.append(f"{file}: is not TOML in UTF-8: {error}")
        if problems:
            raise DistrictError(problems)
        return cls.of(tables)

    @classmethod
    def of(cls, tables: Mapping[str, Mapping[str, Any]]) -> Self:
        """Build a district from parsed tables, one for each name in ``FILES``.

        Raises:
            DistrictError: the content is wrong; all problems are listed.
        """
        read = _Reader(tables)
        years = read.many("calendar", "year", CalendarYear)
        domain_table = read.one("goals", "domains", DomainTable)
        parts: dict[str, Any] = {
            "profile": read.whole("district", Profile),
            "bureaus": read.many("bureaus", "bureau", Bureau),
            "towns": read.many("towns", "town", Town),
            "tasks": read.many("tasks", "task", Measure),
            "safeguards": read.many("tasks", "safeguard", Measure),
            "requirements": read.many("tasks", "requirement", Measure),
            "goals": read.many("goals", "goal", Goal),
            "indicators": read.many("goals", "indicator", Indicator),
            "domains": read.many("goals", "domain", Domain),
            "plans": read.many("plans", "plan", ExpectedPlan),
            "calls": read.some("plans", "call", Call),
            "precedence": read.many("precedence", "rule", PrecedenceRule),
            "default_ranking": read.one("precedence", "default", tuple[str, ...]),
            "duties": read.many("submissions", "duty", Duty),
            "debtors": read.some("submissions", "debtor", Debtor),
            "sharing_rules": read.one("submissions", "catalogue", SharingRules),
            "shared_lists": read.some("submissions", "resource", SharedList),
            "indicator_duties": read.some("submissions", "indicator", IndicatorDuty),
            "submission_due_day": read.one("submissions", "due_day", int),
            "first_month": read.one("submissions", "first_month", str),
        }
        reporting = read.optional("towns", "reporting", TownReporting) or TownReporting(())
        read.stop_on_problems()
        reporters = tuple(reporting.reporter(town) for town in parts["towns"] if town.reports)
        parts |= {"town_reporting": reporting, "bureaus": (*parts["bureaus"], *reporters)}
        parts["duties"] = (*parts["duties"], *(Duty(owed, tuple(r.code for r in reporters)) for owed in reporting.owes if reporters))
        calendar = Calendar.of(
            (y.year for y in years), (d for y in years for d in y.holidays), (d for y in years for d in y.working)
        )
        district = cls(
            **parts,
            domains_version=domain_table.version if domain_table else "",
            domains_confirmed=domain_table is not None and domain_table.confirmed,
            calendar=calendar,
            _digest=_digest_of(tables),
        )
        problems = [*_calendar_problems(years), *_problems(district)]
        if problems:
            raise DistrictError(problems)
        return district

    @property
    def id(self) -> str:
        """District id in topic names."""
        return self.profile.id

    @property
    def name(self) -> str:
        """Chinese name of the district."""
        return self.profile.name

    def digest(self) -> str:
        """Return the SHA-256 (hex) of everything the files say; comments and layout do not count."""
        return self._digest

    def bureau(self, code: str) -> Bureau:
        """Return the bureau with *code*; raise ``KeyError`` where there is none."""
        for bureau in self.bureaus:
            if bureau.code == code:
                return bureau
        raise KeyError(f"district {self.id} has no bureau {code}")

    def publishers(self) -> tuple[str, ...]:
        """Return the codes of everyone who owns an events topic, the coordination office included."""
        return tuple(b.code for b in self.bureaus if b.has_topic)

    def domain(self, name: str) -> Domain | None:
        """Return the domain called *name*, or ``None``."""
        return next((d for d in self.domains if d.name == name), None)

    def indicator(self, code: str) -> Indicator | None:
        """Return the indicator with *code*, or ``None``."""
        return next((i for i in self.indicators if i.code == code), None)

    def indicator_duty(self, code: str, series: str) -> IndicatorDuty | None:
        """Return who reports an indicator in a series, ``None`` where that is not said."""
        return next((duty for duty in self.indicator_duties if (duty.code, duty.series) == (code, series)), None)

    def sharing_of(self, list_: str) -> SharedList:
        """Return how a list may be shared and how often it is updated."""
        rules = self.sharing_rules
        found = (rule for rule in self.shared_lists if rule.list == list_)
        return next(found, SharedList(list_, rules.sharing, rules.cycle, rules.condition))

    @property
    def every_task(self) -> tuple[Measure, ...]:
        """The tasks, safeguards and requirements of the work plan, in its order: all that progress is reported of."""
        return (*self.tasks, *self.safeguards, *self.requirements)

    def plan_tasks(self, month: str) -> tuple[PlanTask, ...]:
        """Return every task with the bureaus that its bracket names, and those of them that owe its progress for *month*."""
        owing = {owed.bureau for owed in self.expected(month) if owed.list == "tasks"}
        return tuple(
            PlanTask(task.no, task.area, task.title, task.bureaus, tuple(b for b in task.bureaus if b in owing), task.everyone) for task in self.every_task
        )

    def ranking(self, list_name: str, field_name: str = ANY_FIELD, domain: str = "") -> tuple[str, ...]:
        """Return all publishers, the one whose statement wins first.

        The most special rule speaks: list and field, then list and ``*``, then the default (the lead bureau of
        *domain*, then the order of ``bureaus.toml``). A rule that names only some bureaus ranks the others behind them.
        """
        chosen = self.default_ranking
        for wanted in (ANY_FIELD, field_name):
            for rule in self.precedence:
                if rule.list == list_name and rule.field == wanted:
                    chosen = rule.bureaus
        in_domain = self.domain(domain)
        steps: list[str] = []
        for step in (*chosen, ORDER):
            if step == LEAD:
                steps.extend([in_domain.lead] if in_domain and in_domain.lead else [])
            elif step == ORDER:
                steps.extend(self.publishers())
            else:
                steps.append(step)
        return tuple(dict.fromkeys(steps))

    def counting_step(self, category: str) -> str:
        """Return the step by which scrapped equipment of a category counts."""
        return next((step for of, step in self.profile.scrappage.by_category.items() if of == category), self.profile.scrappage.step)

    def expected(self, month: str) -> tuple[Expected, ...]:
        """Return every submission owed for *month* (``YYYY-MM``), in the order of duties and bureaus; none before ``first_month``."""
        if month < self.first_month:
            return ()
        due_on = self.submission_due_on(month)
        return tuple(Expected(b, duty.list, month, due_on) for duty in self.duties if duty.first_month <= month for b in duty.bureaus)

    def debtors_of(self, month: str, list_: str, *, domain: str = "", step: str = "", category: str = "") -> tuple[str, ...] | None:
        """Return the bureaus that owe a cell of a list for *month*, none where nobody does, ``None`` where the city settles it itself.

        The rule that names the category speaks first, then the one that names the step, else whoever owes the list; of a
        domain its lead bureau, where it owes the list at all.
        """
        if month < self.first_month:
            return ()
        for named in (True, False):
            for rule in self.debtors:
                of_category = category in rule.categories if named else not rule.categories
                if rule.list == list_ and of_category and (not rule.steps or step in rule.steps):
                    return None if rule.settled_by_city else rule.bureaus
        owing = tuple(bureau for duty in self.duties if duty.list == list_ and duty.first_month <= month for bureau in duty.bureaus)
        if not domain:
            return owing
        known = self.domain(domain)
        if known is None:
            return ()
        return (known.lead,) if known.lead in owing else tuple(bureau for bureau in known.bureaus if bureau in owing)

    def submission_due_on(self, month: str) -> date | None:
        """Return the day by which the lists of *month* are due: the due day of the next month, or the next working day.

        ``None`` where the calendar lacks that year: a report is made all the same, and says that the day cannot be worked out.
        """
        first = date.fromisoformat(f"{month}-01")
        following = (first + timedelta(days=31)).replace(day=self.submission_due_day)
        try:
            return self.calendar.next_working_day(following)
        except CalendarError:
            return None

    def is_working(self, day: date) -> bool:
        """Tell whether *day* is a working day in the district's calendar."""
        return self.calendar.is_working(day)

    def working_days(self, start: date, n: int) -> date:
        """Return the *n*-th working day counted from *start* itself."""
        return self.calendar.working_days(start, n)

    def due_on(self, received_on: date, form: str = "") -> date:
        """Return the last day for local measures to a document received on *received_on*.

        Ten working days from the day after receipt (work plan, part four, stage two); a *form* with a longer track has its own.
        """
        clock = self.profile.clock
        days = next((days for of, days in clock.longer.items() if of == form), clock.working_days)
        return self.calendar.working_days(received_on + timedelta(days=1), days)


class _Reader:
    """Turns parsed tables into dataclasses and remembers every problem with its file and place."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self._tables = tables
        self.problems = [f"{name}.toml: is missing" for name in FILES if name not in tables]

    def whole(self, name: str, kind: Any) -> Any:
        return self._validate(kind, self._tables.get(name, {}), f"{name}.toml")

    def one(self, name: str, key: str, kind: Any) -> Any:
        table = self._tables.get(name, {})
        if key not in table:
            self.problems.append(f"{name}.toml: {key} is missing")
            return None
        return self._validate(kind, table[key], f"{name}.toml: {key}")

    def optional(self, name: str, key: str, kind: Any) -> Any:
        return self.one(name, key, kind) if key in self._tables.get(name, {}) else None

    def many(self, name: str, key: str, kind: type[Any]) -> tuple[Any, ...]:
        found = self.some(name, key, kind)
        if not found:
            self.problems.append(f"{name}.toml: has no [[{key}]]")
        return found

    def some(self, name: str, key: str, kind: type[Any]) -> tuple[Any, ...]:
        rows = self._tables.get(name, {}).get(key, [])
        if not isinstance(rows, list):
            return ()
        return tuple(self._validate(kind, row, f"{name}.toml: [[{key}]] {i}") for i, row in enumerate(rows, 1))

    def _validate(self, kind: Any, value: object, place: str) -> Any:
        try:
            return _adapter(kind).validate_python(value)
        except ValidationError as error:
            for problem in error.errors():
                path = ".".join(str(step) for step in problem["loc"])
                self.problems.append(f"{place}{': ' + path if path else ''}: {problem['msg']}")
            return None

    def stop_on_problems(self) -> None:
        if self.problems:
            raise DistrictError(self.problems)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Build what checks a kind of row once: a district has many rows of few kinds."""
    return TypeAdapter(kind)


def _digest_of(tables: Mapping[str, Mapping[str, Any]]) -> str:
    canonical = json.dumps(
        {name: tables[name] for name in FILES}, sort_keys=True, ensure_ascii=False, separators=(",", ":"),
        default=lambda value: value.isoformat(),
    )  # fmt: skip
    return hashlib.sha256(canonical.encode()).hexdigest()


def _calendar_problems(years: tuple[CalendarYear, ...]) -> Iterator[str]:
    yield from _repeated("calendar.toml: year", (str(y.year) for y in years))
    for year in years:
        place = f"calendar.toml: year {year.year}"
        for day in (*year.holidays, *year.working):
            if day.year != year.year:
                yield f"{place}: {day} lies in another year"
        yield from (f"{place}: {d} is both off and worked" for d in sorted({*year.holidays} & {*year.working}))
        yield from (f"{place}: {d} is worked anyway (no weekend)" for d in year.working if d.weekday() < 5)


def _problems(district: District) -> Iterator[str]:
    """Check what one file says against the others."""
    codes = {b.code for b in district.bureaus}
    domains = {d.name for d in district.domains}
    yield from _repeated("bureaus.toml, towns.toml: code", (*(b.code for b in district.bureaus if b.kind != "town"), *(t.code for t in district.towns if t.code)))
    yield from _repeated("bureaus.toml: name", (b.name for b in district.bureaus))
    yield from _repeated("towns.toml: name", (n for t in district.towns for n in (t.name, *t.aliases)))
    yield from district.town_reporting.problems(district.towns)
    yield from _repeated("goals.toml: domain", (d.name for d in district.domains))
    yield from _repeated("goals.toml: indicator", (i.code for i in district.indicators))
    yield from _repeated("tasks.toml: no", (task.no for task in district.every_task))
    yield from _repeated("precedence.toml: rule", (f"{r.list}.{r.field}" for r in district.precedence))
    yield from _repeated("plans.toml: call", (call.name for call in district.calls))
    yield from _repeated("submissions.toml: resource", (rule.list for rule in district.shared_lists))
    yield from _repeated("submissions.toml: indicator", (f"{d.code} {d.series}" for d in district.indicator_duties))
    yield from _repeated("submissions.toml: duty", (f"{d.list} by {b}" for d in district.duties for b in d.bureaus))
    if COORDINATION not in codes:
        yield f"bureaus.toml: {COORDINATION} is missing"
    for place, named in _named_bureaus(district):
        yield from (f"{place}: unknown bureau {code}" for code in named if code not in codes)
    indicators = {i.code for i in district.indicators}
    for goal in district.goals:
        yield from (
            f"goals.toml: goal {goal.no}: unknown indicator {i}" for i in goal.indicators if i not in indicators
        )
    yield from (f"submissions.toml: unknown indicator {duty.code}" for duty in district.indicator_duties if duty.code not in indicators)
    for plan in district.plans:
        if plan.domain and plan.domain not in domains:
            yield f"plans.toml: {plan.title}: unknown domain {plan.domain}"
    for duty in district.duties:
        for code in duty.bureaus:
            if code in codes and duty.list not in district.bureau(code).lists:
                yield f"submissions.toml: {code} owes {duty.list}, which bureaus.toml does not let it report"
    for debtor in district.debtors:
        if debtor.settled_by_city == bool(debtor.bureaus):
            yield f"submissions.toml: debtor of {debtor.list}: either bureaus or settled_by_city"
    yield from _constant_problems(district)


def _constant_problems(district: District) -> Iterator[str]:
    if not 1 <= district.submission_due_day <= 28:  # every month has a 28th
        yield f"submissions.toml: due_day {district.submission_due_day} is not between 1 and 28"
    for month in dict.fromkeys((district.first_month, *(duty.first_month or district.first_month for duty in district.duties))):
        try:
            date.fromisoformat(f"{month}-01")
        except ValueError:
            yield f"submissions.toml: first_month {month!r} is not YYYY-MM"
    if district.profile.clock.working_days < 1:
        yield "district.toml: clock.working_days must be at least 1"
    for form, days in district.profile.clock.longer.items():
        if days <= district.profile.clock.working_days:
            yield f"district.toml: clock.longer: {form} is no longer than {district.profile.clock.working_days} working days"
    if not district.profile.id.replace("-", "").isalnum() or not district.profile.id.isascii():
        yield f"district.toml: id {district.profile.id!r} may hold only a-z, 0-9 and hyphens"


def _named_bureaus(district: District) -> Iterator[tuple[str, tuple[str, ...]]]:
    for group, measures in (
        ("task", district.tasks), ("safeguard", district.safeguards), ("requirement", district.requirements),
    ):  # fmt: skip
        for measure in measures:
            yield f"tasks.toml: {group} {measure.no}", measure.bureaus
    for goal in district.goals:
        yield f"goals.toml: goal {goal.no}", goal.leads
    for indicator in district.indicators:
        yield f"goals.toml: indicator {indicator.code}", indicator.responsible
    for domain in district.domains:
        yield f"goals.toml: domain {domain.name}", (*filter(None, [domain.lead]), *domain.bureaus)
    for plan in district.plans:
        yield f"plans.toml: {plan.title}", (plan.bureau,)
    steps = (LEAD, ORDER)
    for rule in district.precedence:
        place = f"precedence.toml: {rule.list}.{rule.field}"
        yield place, tuple(b for b in rule.bureaus if b not in steps)
    yield "precedence.toml: default", tuple(b for b in district.default_ranking if b not in steps)
    for duty in district.duties:
        yield f"submissions.toml: {duty.list}", duty.bureaus
    yield "submissions.toml: catalogue", (district.sharing_rules.provider,)
    for reporting in district.indicator_duties:
        yield f"submissions.toml: indicator {reporting.code}", reporting.bureaus
    for debtor in district.debtors:
        yield f"submissions.toml: debtor of {debtor.list}", debtor.bureaus


def _repeated(what: str, values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"{what}: {value} appears twice"
        seen.add(value)
