"""Outlets of the sample year, and what towns claim of projects and outlets on their ground; a claim makes no row of its owner's list."""

from datetime import date
from typing import Protocol

from content_projects import uscc
from content_towns import COMMERCE_OUTLET, OUTLET, PROJECT
from sheets import Content, Fact, Row, Sheet
from year_base import MONTHS, index, sheet
from year_projects import Project
from year_towns import TOWNS

_SINCE = date(2025, 11, 18)
_KINDS = (("回收站", "废钢铁、废纸"), ("家电回收点", "废弃电器电子产品"), ("便民回收点", "废纸、废塑料"))
#: Of so many outlets one is told otherwise by its town, and one is known to the town alone.
_DIFFERS, _ALONE = 11, 9


class Projects(Protocol):
    """The projects of the year."""

    all: tuple[Project, ...]


def _outlets() -> list[tuple[str, Row, bool]]:
    """Return town, facts and whether commerce lists it, of every outlet."""
    found = []
    for n, (town, name) in enumerate(TOWNS.items()):
        for k, (kind, materials) in enumerate(_KINDS[: 2 + n % 2]):
            number = len(found)
            row: Row = {
                "outlet_no": f"HS-{number + 1:03d}", "name": f"{name}{kind}", "operator_name": f"样例再生资源公司{1 + number % 6}", "operator_uscc": uscc(401 + number % 6), "materials": materials,
                "state": "停业" if number % 17 == 16 else "营业", "opened_on": date(2022 + (n + k) % 3, 1 + n % 12, 1), "updated_on": _SINCE,
            }  # fmt: skip
            found.append((town, row, number % _ALONE != _ALONE - 1))
    return found


def commerce_sheet(content: Content, month: str) -> Sheet | None:
    """Return the outlets that commerce lists."""
    rows: list[Row] = [row | {"town": TOWNS[town]} for town, row, listed in _outlets() if listed]
    for row in rows:
        content.facts.append(Fact(month, "commerce", "OutletListed", str(row["outlet_no"]), dict(row)))
    return sheet("回收网点清单", "回收网点清单", COMMERCE_OUTLET, rows, "commerce", month)


def town_sheets(content: Content, projects: Projects, town: str, month: str) -> list[Sheet]:
    """Return a town's sheets of projects and outlets on its ground: every third town tells its projects, all tell their outlets."""
    found = (_projects(content, projects, town, month) if list(TOWNS).index(town) % 3 == 0 else None, _told(content, town, month))
    return [each for each in found if each]


def _told(content: Content, town: str, month: str) -> Sheet | None:
    rows: list[Row] = []
    for number, (where, row, _) in enumerate(_outlets()):
        if where == town:
            rows.append(row | ({"state": "停业"} if number % _DIFFERS == 3 else {}))
            content.facts.append(Fact(month, town, "OutletListed", str(row["outlet_no"]), dict(rows[-1])))
    return sheet("辖区网点", "镇街园区申报网点", OUTLET, rows, town, month)


def _projects(content: Content, projects: Projects, town: str, month: str) -> Sheet | None:
    """Return what a town claims of the first three projects on its ground, and one that no bureau has listed."""
    mine = [each for each in projects.all if each.town == TOWNS[town] and each.listed <= index(month)][:3]
    rows: list[Row] = [
        {
            "project_code": project.code, "name": project.name, "list": "设备更新", "domain": project.domain, "construction_nature": project.nature,
            "owner_name": project.owner, "owner_uscc": uscc(1000 + project.number), "total_investment": project.total, "build_state": project.state(index(MONTHS[0])), "updated_on": _SINCE,
        }
        for project in mine
    ]  # fmt: skip
    rows.append({
        "internal_no": f"{TOWNS[town]}-2025-01", "name": f"{TOWNS[town]}农产品冷链设备更新", "list": "设备更新", "domain": "农业", "construction_nature": "改建和技术改造",
        "owner_name": f"{TOWNS[town]}冷链样例公司", "total_investment": 240 + len(town) * 10, "build_state": "谋划", "updated_on": _SINCE,
    })  # fmt: skip
    for row in rows:
        content.facts.append(Fact(month, town, "ProjectAdded", str(row.get("project_code") or row["internal_no"]), dict(row)))
    return sheet("辖区项目", "镇街园区申报项目", PROJECT, rows, town, month, "万元")
