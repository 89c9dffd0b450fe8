"""Equipment of the year's projects line by line, their procedures, and what makers of the district and others sold for them."""

import content_lines as lines
import content_matches as matches
from sheets import Content, Fact, Row, Sheet
from year_base import FIRST, LAST, MONTHS, day, end, index, later, month_at, of_month, sheet, stream
from year_lists import enterprise, product
from year_projects import Project, Projects

#: Bureau → old equipment and new, and numbers of its own makers on the list of enterprises.
_EQUIPMENT = {
    "industry": (("开式压力机", "液压剪板机", "普通车床", "手工焊接工位"), ("伺服压力机", "激光切割机", "数控机床", "焊接机器人"), (0, 1, 2)),
    "housing": (("老旧乘客电梯", "旧换热机组"), ("乘客电梯", "板式换热器"), (0, 1)), "health": (("胶片摄影设备", "旧超声设备"), ("数字化摄影设备", "超声诊断设备"), (0, 1)),
    "transport": (("天然气公交车", "旧充电桩"), ("纯电动公交车", "直流充电桩"), (1, 0)), "water": (("旧离心泵", "旧曝气设备"), ("离心水泵", "曝气设备"), (0, 1)),
    "agriculture": (("大功率旧拖拉机", "旧烘干机"), ("拖拉机", "粮食烘干机"), (0, 2)), "education": (("旧实训台", "旧实验台"), ("数控实训台", "理化实验台"), (0, 1)),
}  # fmt: skip
_PROCEDURES = ("备案", "环评", "能评", "用地", "施工许可")


def _chosen(projects: Projects, bureau: str, month: str) -> list[Project]:
    """Return the projects whose equipment is told: every second one that began in the year, in the month in which it began."""
    return [p for p in projects.all if p.bureau == bureau and bureau in _EQUIPMENT and index(FIRST) <= p.start <= index(LAST) and month_at(p.start) <= month][::2]


def _lines(project: Project, side: str) -> list[Row]:
    old, new, _ = _EQUIPMENT[project.bureau]
    names = old if side == "旧设备" else new
    found: list[Row] = []
    for n, name in enumerate(names):
        chance = stream(0, "line", project.id, side, n)
        row: Row = {"side": side, "line_no": f"{project.id}-{side[0]}{n + 1}", "project_no": project.code, "name": name, "model": f"{project.bureau[:2].upper()}-{chance.randint(10, 99)}",
                    "units": max(1, project.units // len(names))}  # fmt: skip
        if side == "旧设备":
            row |= {"year": str(chance.randint(2006, 2014)), "original_value": project.equipment // (3 * len(names)), "depreciated": chance.choice(("是", "是", "是", "")),
                    "owned": "是", "disposal": chance.choice(("报废回收", "报废回收", "转让", "交旧换新"))}  # fmt: skip
        else:
            row |= {"year": month_at(project.start)[:4], "price": project.equipment // len(names), "energy_level": chance.choice(("先进", "节能", "节能")), "domestic": chance.choice(("是", "是", "否"))}
        found.append(row)
    return found


def line_sheets(content: Content, projects: Projects, bureau: str, month: str) -> list[Sheet]:
    """Return the lines and procedures of the projects that began in a month."""
    began = [project for project in _chosen(projects, bureau, month) if month_at(project.start) == month]
    told = [row for project in began for side in ("旧设备", "新设备") for row in _lines(project, side)]
    content.facts += [Fact(month, bureau, "EquipmentLineListed", row["line_no"], row) for row in told]
    papers: list[Row] = []
    for project in began:
        for n, procedure in enumerate(_PROCEDURES):
            chance = stream(0, "procedure", project.id, procedure)
            state = chance.choice(("已办结", "已办结", "办理中")) if n < 2 else chance.choice(("已办结", "无需办理", "无需办理"))
            row: Row = {"project_no": project.code, "procedure": procedure, "state": state, "number": "", "on": None}
            if state == "已办结":
                row |= {"number": f"津武审批〔{month_at(project.start - 1)[:4]}〕{chance.randint(20, 400)}号", "on": day(month_at(project.start - 1), chance.randint(3, 27))}
            papers.append(row)
            content.facts.append(Fact(month, bureau, "ProjectProcedureReported", row["project_no"], row, sub=procedure))
    found = (
        sheet("设备明细", "设备明细清单", lines.COLUMNS, told, bureau, month, "万元"),
        sheet("前期手续", "项目前期手续清单", lines.PROCEDURE_COLUMNS, papers, bureau, month),
    )  # fmt: skip
    return [each for each in found if each]


def match_sheet(content: Content, projects: Projects, bureau: str, month: str) -> Sheet | None:
    """Return the contracts signed up to a month for new equipment whose lines are told: about every second with a maker on the list."""
    rows: list[Row] = []
    for n, project in enumerate(_chosen(projects, bureau, month)):
        line, own = _lines(project, "新设备")[0], n % 2 == 0
        signed = later(day(month_at(project.start), 14), 16)
        if signed > end(month) or month not in MONTHS:
            continue
        maker = _EQUIPMENT[bureau][2][0]
        row: Row = {
            "match_no": f"DJ-{project.id}", "project_no": project.code, "line_no": line["line_no"], "buyer_name": project.owner,
            "enterprise_uscc": enterprise(bureau, maker) if own else f"{matches.uscc(900 + project.number)}", "enterprise_name": f"{product(bureau, maker) if own else '外埠装备'}样例公司",
            "local": "是" if own else "否", "product": line["name"], "contract_no": f"HT-{of_month(signed)}-{project.number:03d}", "amount": line["price"] * 97 // 100, "on": signed,
        }  # fmt: skip
        content.facts.append(Fact(month, bureau, "SupplyDemandMatched", row["match_no"], row))
        rows.append(row)
    return sheet("供需对接", "供需对接清单", matches.COLUMNS, rows, bureau, month, "万元")
