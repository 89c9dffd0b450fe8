"""The district folder: what it says, what it refuses, who wins, what is owed."""

import copy
import shutil
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts import registry
from exchange_hub.programme.district import FILES, District, DistrictError
from exchange_hub.views.lists import BY_NAME

FOLDER = Path(__file__).parents[2] / "deploy/districts/wuqing"
TABLES = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES}


@pytest.fixture(scope="module")
def wuqing() -> District:
    return District.load(FOLDER)


def changed(name: str, change: Any) -> dict[str, Any]:
    tables = copy.deepcopy(TABLES)
    change(tables[name])
    return tables


def test_wuqing_has_what_the_work_plan_names(wuqing: District) -> None:
    """10 tasks, 6 safeguards, 4 requirements, 4 goals, 24 bureaus beside the coordination office and three readers, 15 plans."""
    kinds = [b.kind for b in wuqing.bureaus]
    assert (kinds.count("bureau"), kinds.count("coordination"), kinds.count("reader")) == (24, 1, 3)
    assert [len(m) for m in (wuqing.tasks, wuqing.safeguards, wuqing.requirements, wuqing.goals)] == [10, 6, 4, 4]
    assert len(wuqing.plans) == 15
    assert wuqing.profile.code == "120114"


@pytest.mark.parametrize(
    ("bureau", "tasks"),
    [
        ("commerce", ["5", "6", "7", "8", "9", "10", "要求1", "要求2", "要求3"]),
        ("industry", ["1", "3", "8", "9", "10", "要求1", "要求2", "要求3", "要求4"]),
        ("police", ["2", "5", "9"]),
        ("water", ["2"]),
        ("tax", ["保障3"]),
        ("publicity", ["要求3"]),
    ],
)
def test_a_bureau_has_the_tasks_whose_brackets_name_it(wuqing: District, bureau: str, tasks: list[str]) -> None:
    """The brackets of the plan decide who works on a task."""
    assert [task.no for task in wuqing.every_task if bureau in task.bureaus] == tasks


def test_domains_are_codes_of_the_contracts(wuqing: District) -> None:
    """Domains of the district, its plans and its lists use the contracts' own words."""
    codelists = registry.load().codelists
    assert {d.name for d in wuqing.domains} <= set(codelists["domain"])
    assert {p.kind for p in wuqing.plans} <= set(codelists["plan_kind"])
    named = {name for b in wuqing.bureaus for name in b.lists} | {rule.list for rule in wuqing.precedence}
    assert named <= set(BY_NAME)


def test_readers_own_no_topic_unless_they_publish_the_official_series(wuqing: District) -> None:
    """Audit and supervision only read; statistics publishes; the coordination office is a source like any other."""
    publishers = wuqing.publishers()
    assert {"statistics", "coordination", "industry"} <= set(publishers)
    assert not {"audit", "supervision-office"} & set(publishers)


def test_goal_one_counts_seven_domains(wuqing: District) -> None:
    """Water and urban management stand outside goal 1."""
    assert [d.name for d in wuqing.domains if d.goal_1] == ["工业", "农业", "建筑", "交通", "教育", "文旅", "医疗"]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2024, 9, 6), date(2024, 9, 23)),  # 14 September is worked, 15 to 17 are off, 22 is a Sunday
        (date(2025, 1, 20), date(2025, 2, 8)),  # Spring Festival between two worked weekend days
        (date(2026, 8, 31), date(2026, 9, 14)),
        (date(2026, 9, 7), date(2026, 9, 20)),  # the tenth day is a worked Sunday
        (date(2026, 9, 16), date(2026, 9, 30)),
        (date(2026, 9, 22), date(2026, 10, 13)),  # both autumn holidays
    ],
)
def test_measures_are_due_ten_working_days_after_receipt(wuqing: District, received: date, due: date) -> None:
    """The day of receipt does not count; 调休 does."""
    assert wuqing.due_on(received) == due


@pytest.mark.parametrize(
    ("year", "days_off_on_weekdays", "worked_weekends"),
    [
        (2024, 1 + 5 + 2 + 3 + 1 + 2 + 5, 8),  # 元旦 春节 清明 劳动 端午 中秋 国庆
        (2025, 1 + 6 + 1 + 3 + 1 + 6, 5),  # 国庆 and 中秋 together
        (2026, 2 + 6 + 1 + 3 + 1 + 1 + 5, 6),
    ],
)
def test_the_calendar_is_the_announced_one(
    wuqing: District, year: int, days_off_on_weekdays: int, worked_weekends: int
) -> None:
    """As many weekdays off and weekend days worked as the State Council announced."""
    days = [
        date(year, 1, 1) + timedelta(days=i) for i in range(366) if (date(year, 1, 1) + timedelta(days=i)).year == year
    ]
    off = [d for d in days if d.weekday() < 5 and not wuqing.is_working(d)]
    worked = [d for d in days if d.weekday() > 4 and wuqing.is_working(d)]
    assert (len(off), len(worked)) == (days_off_on_weekdays, worked_weekends)


def test_submissions_are_due_on_a_working_day(wuqing: District) -> None:
    """The fifth lies in the National Day holiday, so September is due on 8 October."""
    assert wuqing.submission_due_on("2026-09") == date(2026, 10, 8)
    assert wuqing.submission_due_on("2026-10") == date(2026, 11, 5)
    assert wuqing.submission_due_on("2025-12") == date(2026, 1, 5)


def test_a_duty_may_begin_later_than_the_others(wuqing: District) -> None:
    """Lines, procedures and matches are owed from November on: before, nobody owes them, and their cells hold no 0."""
    later = {"equipment-lines", "project-procedures", "matches"}
    assert not later & {owed.list for owed in wuqing.expected("2026-10")}
    assert {owed.list for owed in wuqing.expected("2026-11")} - {owed.list for owed in wuqing.expected("2026-10")} == later
    assert wuqing.debtors_of("2026-10", "matches") == ()
    assert wuqing.debtors_of("2026-11", "matches") == wuqing.debtors_of("2026-11", "enterprises")


def test_nothing_is_owed_before_the_first_month(wuqing: District) -> None:
    """A month before the district began asks for nothing; later months ask bureaus for 76 lists, each once."""
    assert wuqing.expected("2026-08") == ()
    towns = {bureau.code for bureau in wuqing.bureaus if bureau.kind == "town"}
    owed = [(e.bureau, e.list) for e in wuqing.expected("2026-09") if e.bureau not in towns]
    assert len(owed) == len(set(owed)) == 76


@pytest.mark.parametrize(
    ("place", "first"),
    [
        (("equipment-projects", "total_investment", "建筑"), ["housing", "development-reform"]),
        (("equipment-projects", "energy_saving", "建筑"), ["development-reform", "housing"]),
        (("equipment-projects", "name", "无此领域"), ["development-reform", "industry"]),
        (("scrappage", "deregistered_on", ""), ["police", "development-reform"]),
        (("scrappage", "on", ""), ["development-reform", "industry"]),
        (("trade-in", "count", ""), ["commerce", "development-reform"]),
    ],
)
def test_the_most_special_precedence_rule_speaks(
    wuqing: District, place: tuple[str, str, str], first: list[str]
) -> None:
    """List and field, then the list, then the domain's lead, then the order of bureaus; every publisher is ranked once."""
    ranking = wuqing.ranking(*place)
    assert list(ranking[:2]) == first
    assert sorted(ranking) == sorted(wuqing.publishers())


def test_a_bureau_that_there_is_not_is_named(wuqing: District) -> None:
    """Whoever asks for a code that no bureau has is told it."""
    with pytest.raises(KeyError, match="granary"):
        wuqing.bureau("granary")


def test_the_digest_ignores_comments_and_follows_content(tmp_path: Path, wuqing: District) -> None:
    """A comment changes nothing; another due day does."""
    copied = shutil.copytree(FOLDER, tmp_path / "d", ignore=shutil.ignore_patterns("samples", "connectors"))
    file = copied / "submissions.toml"
    file.write_text("# 说明\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert District.load(copied).digest() == wuqing.digest()
    file.write_text(file.read_text(encoding="utf-8").replace("due_day = 5", "due_day = 6"), encoding="utf-8")
    assert District.load(copied).digest() != wuqing.digest()


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("tasks", lambda t: t["task"][0]["bureaus"].append("granary"), "tasks.toml: task 1: unknown bureau granary"),
        ("goals", lambda t: t["goal"][0]["indicators"].append("x"), "goals.toml: goal 1: unknown indicator x"),
        ("plans", lambda t: t["plan"][1].update(domain="x"), "unknown domain x"),
        ("bureaus", lambda t: t["bureau"][0].update(lists="trade-in"), "bureaus.toml: [[bureau]] 1: lists"),
        ("bureaus", lambda t: t["bureau"].append(dict(t["bureau"][0])), "development-reform appears twice"),
        ("bureaus", lambda t: t["bureau"][0].update(colour="red"), "bureaus.toml: [[bureau]] 1: colour"),
        ("bureaus", lambda t: t["bureau"][0].pop("name"), "bureaus.toml: [[bureau]] 1: name"),
        ("submissions", lambda t: t["duty"][0]["bureaus"].append("finance"), "finance owes equipment-projects"),
        ("submissions", lambda t: t.update(due_day=31), "due_day 31"),
        ("submissions", lambda t: t.update(first_month="2026-13"), "first_month '2026-13'"),
        ("submissions", lambda t: t["duty"][0].update(first_month="2026-1"), "first_month '2026-1'"),
        ("submissions", lambda t: t.pop("due_day"), "submissions.toml: due_day is missing"),
        ("calendar", lambda t: t["year"][0]["working"].append(date(2024, 1, 1)), "2024-01-01 is both off and worked"),
        ("calendar", lambda t: t["year"][0]["holidays"].append(date(2023, 1, 1)), "2023-01-01 lies in another year"),
        ("calendar", lambda t: t["year"][0]["working"].append(date(2024, 1, 3)), "2024-01-03 is worked anyway"),
        ("precedence", lambda t: t["rule"][0]["bureaus"].append("granary"), "precedence.toml: recycling-projects.*"),
        ("towns", lambda t: t.pop("town"), "towns.toml: has no [[town]]"),
        ("district", lambda t: t.update(format=2), "district.toml: format"),
    ],
)
def test_a_wrong_folder_is_refused_with_the_place(file: str, change: Any, said: str) -> None:
    """Every problem names its file and place in English."""
    with pytest.raises(DistrictError) as caught:
        District.of(changed(file, change))
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    """Two missing files and a broken one are three problems of one error."""
    copied = shutil.copytree(FOLDER, tmp_path / "d", ignore=shutil.ignore_patterns("samples", "connectors"))
    (copied / "towns.toml").unlink()
    (copied / "plans.toml").unlink()
    (copied / "goals.toml").write_text("goal = [", encoding="utf-8")
    with pytest.raises(DistrictError) as caught:
        District.load(copied)
    assert len(caught.value.problems) == 3
