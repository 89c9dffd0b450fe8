"""Funds, policies, scrappage and recovered materials of the sample months."""

from collections.abc import Mapping
from datetime import date

from content_equipment import date_text
from content_projects import uscc
from content_trade import (
    APPROVED_COLUMNS,
    PAID_COLUMNS,
    REVERSED_COLUMNS,
    approved_rows,
    late_paid_rows,
    paid_rows,
    reversed_rows,
)
from sheets import Column, Content, Fact, Row, Sheet, period_of, third_line

# ---- allocations, project money --------------------------------------------------------------------------------

ALLOCATED_COLUMNS = tuple(
    Column(head, key, bool(total))
    for head, key, total in (
        ("序号", "no", 0), ("资金渠道", "channel", 0), ("下达文号", "allocation_no", 0), ("政策文号", "policy_no", 0),
        ("预算年度", "budget_year", 0), ("层级", "level", 0), ("金额（万元）/下达", "amount", 1), ("金额（万元）/结转", "carried_over", 1),
        ("金额（万元）/收回", "recovered", 1), ("承接单位", "to_bureau", 0), ("下达日期", "on", 0),
    )
)  # fmt: skip
_ALLOCATIONS = (
    # month, channel, number, level, 万元, carried over, recovered, to bureau, date, budget year; level 区级 hands money on
    ("2026-09", "市级", "津财农指〔2025〕40号", "市级", 60, 0, 0, "", date(2025, 6, 10), 2025),  # 20 went over into 2026
    ("2026-09", "区级", "津武财预〔2026〕2号", "区级", 50, 0, 5, "区工业和信息化局", date(2026, 2, 26), 2026),
    ("2026-09", "超长期特别国债", "津财建指〔2026〕12号", "市级", 300, 0, 0, "", date(2026, 3, 20), 2026),
    ("2026-09", "超长期特别国债", "津武财指〔2026〕5号", "区级", 280, 0, 0, "区商务局", date(2026, 4, 2), 2026),
    ("2026-09", "中央专项", "津财产指〔2026〕20号", "市级", 120, 0, 0, "", date(2026, 4, 10), 2026),
    ("2026-09", "中央专项", "津武财指〔2026〕7号", "区级", 100, 0, 0, "区工业和信息化局", date(2026, 4, 24), 2026),
    ("2026-09", "市级", "津财农指〔2026〕31号", "市级", 80, 20, 0, "", date(2026, 5, 15), 2026),
    ("2026-09", "市级", "津武财指〔2026〕11号", "区级", 80, 0, 0, "区农业农村委", date(2026, 5, 28), 2026),
    ("2026-09", "中央预算内投资", "津发改投资〔2026〕44号", "市级", 60, 0, 0, "", date(2026, 6, 18), 2026),
    ("2026-10", "超长期特别国债", "津财建指〔2026〕58号", "市级", 200, 0, 0, "", date(2026, 10, 15), 2026),
    ("2026-10", "超长期特别国债", "津武财指〔2026〕26号", "区级", 200, 0, 0, "区商务局", date(2026, 10, 22), 2026),
)
_CODES = {"区商务局": "commerce", "区工业和信息化局": "industry", "区农业农村委": "agriculture", "": ""}

_PROJECT_MONEY = (
    # month approved, month paid, application, channel, 万元, approved on, paid on, budget year
    ("2026-09", "2026-09", "ZX-2026-01", "中央专项", 20, date(2026, 9, 14), date(2026, 9, 22), 2026),
    ("2026-09", "2026-09", "ZX-2026-02", "中央专项", 15, date(2026, 9, 15), date(2026, 9, 23), 2026),
    ("2026-09", "2026-09", "ZX-2026-03", "中央专项", 10, date(2026, 9, 16), date(2026, 9, 24), 2026),
    (
        "2026-09",
        "2026-10",
        "ZX-2026-04",
        "中央专项",
        25,
        date(2026, 8, 10),
        date(2026, 10, 20),
        2026,
    ),  # overdue in September
    ("2026-09", "2026-09", "SJ-2025-19", "市级", 30, date(2026, 9, 15), date(2026, 9, 25), 2025),  # last year's budget
    ("2026-09", "2026-09", "QJ-2026-01", "区级", 5, date(2026, 9, 17), date(2026, 9, 28), 2026),
    ("2026-10", "2026-10", "ZX-2026-05", "中央专项", 5, date(2026, 10, 16), date(2026, 10, 22), 2026),
    ("2026-10", "2026-10", "SJ-2026-02", "市级", 10, date(2026, 10, 16), date(2026, 10, 23), 2026),
    ("2026-10", "", "QJ-2026-02", "区级", 5, date(2026, 10, 19), None, 2026),
)


def allocation_sheet(content: Content, month: str) -> Sheet:
    """Return every allocation up to *month*; those of September are repeated in October unchanged."""
    rows: list[Row] = []
    for since, channel, number, level, amount, carried, recovered, to_bureau, on, year in _ALLOCATIONS:
        if since > month:
            continue
        row: Row = {"channel": channel, "allocation_no": number, "policy_no": "", "budget_year": year, "level": level,
                    "amount": amount, "carried_over": carried, "recovered": recovered, "to_bureau": to_bureau, "on": on}  # fmt: skip
        content.facts.append(
            Fact(month, "finance", "FundsAllocated", f"{number}:{channel}", row | {"to_bureau": _CODES[to_bureau]})
        )
        rows.append({"no": len(rows) + 1} | row)
    return Sheet("资金下达", "“两新”资金下达情况", ALLOCATED_COLUMNS, rows, period=f"（{period_of(month)}）",
                 third=third_line("finance", "万元"), foot=("注：区级分解下达与上级下达分列。",))  # fmt: skip


def _project_money(month: str, place: int) -> list[Row]:
    """Return project money approved (place 0) or paid (place 1) in *month*, in yuan."""
    rows: list[Row] = []
    for line in _PROJECT_MONEY:
        if line[place] == month:
            _, _, application, channel, amount, approved, paid, year = line
            rows.append({"application_no": application, "related_key": "", "category": "", "policy_no": "津财建〔2026〕9号",
                         "batch_no": "1", "budget_year": year, "channel": channel, "amount": amount * 10_000,
                         "share_central": amount * 10_000 if channel == "中央专项" else 0,
                         "share_city": amount * 10_000 if channel == "市级" else 0,
                         "share_district": amount * 10_000 if channel == "区级" else 0, "on": paid if place else approved})  # fmt: skip
    return rows


def finance_sheets(content: Content, month: str) -> list[Sheet]:
    """Return the finance bureau's fund sheets of a month."""
    approved = _project_money(month, 0)
    for row in approved:
        content.facts.append(Fact(month, "finance", "SubsidyApproved", row["application_no"], row))
    paid = _project_money(month, 1)
    for row in paid:
        row["voucher_no"] = f"ZF-{row['application_no']}"
        content.facts.append(Fact(month, "finance", "SubsidyPaid", row["application_no"], row, sub=row["voucher_no"]))
    consumer = paid_rows(content, month)
    paid_all = [*consumer, *({"no": len(consumer) + n} | row for n, row in enumerate(paid, 1))]
    sheets = [
        allocation_sheet(content, month),
        _money_sheet(
            "项目资金审核", with_district(APPROVED_COLUMNS), [{"no": n} | r for n, r in enumerate(approved, 1)], month
        ),
        _money_sheet("补贴支付明细", with_district(PAID_COLUMNS), paid_all, month),
    ]
    if month == "2026-10":
        sheets.append(_money_sheet("资金冲回", with_district(REVERSED_COLUMNS), reversed_rows(content, month), month))
    return sheets


def late_finance_sheet(content: Content, step: str) -> Sheet:
    """Return September's payments that are reported after the close."""
    return _money_sheet("补贴支付明细", with_district(PAID_COLUMNS), late_paid_rows(content, step), "2026-09")


def approval_sheet(content: Content, month: str) -> Sheet:
    """Return the commerce bureau's approvals of a month."""
    rows = approved_rows(content, month)
    return Sheet("补贴审核明细", "消费品以旧换新补贴审核明细", APPROVED_COLUMNS, rows, period=f"（{period_of(month)}）",
                 third=third_line("commerce"), totals="above")  # fmt: skip


def with_district(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Add the district's share to the columns of a subsidy sheet, behind the city's."""
    place = next(i for i, column in enumerate(columns) if column.key == "share_city") + 1
    return (*columns[:place], Column("补贴金额（元）/区级", "share_district", total=True), *columns[place:])


def _money_sheet(name: str, columns: tuple[Column, ...], rows: list[Row], month: str) -> Sheet:
    return Sheet(
        name,
        f"“两新”{name}",
        columns,
        rows,
        period=f"（{period_of(month)}）",
        third=third_line("finance"),
        totals="below",
    )


# ---- policies ----------------------------------------------------------------------------------------------------

POLICY_COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("文号", "document_no"), ("政策名称", "name"), ("发文单位", "issuer"), ("层级", "level"), ("适用领域", "domains"), ("消费品领域", "consumer_domains"),
        ("支持对象", "object"), ("支持方式", "support_kind"), ("支持标准", "standard"), ("上限（万元）", "cap"), ("资金渠道", "channel"),
        ("分担比例（%）/中央", "central_percent"), ("分担比例（%）/地方", "local_percent"),
        ("有效期/自", "valid_from"), ("有效期/至", "valid_to"), ("责任单位", "department"), ("已争取资金（万元）", "obtained"),
        ("废止日期", "expired_on"), ("替代文号", "successor_no"),
    )
)  # fmt: skip
_POLICIES = (
    # 文号, name, issuer, level, domains, kind, cap 万元, channel, from, to, department, obtained in September / October
    ("发改环资〔2026〕1号", "设备更新超长期特别国债支持政策", "国家发展改革委", "国家", "工业、交通、医疗", "补助", None, "超长期特别国债",
     date(2026, 1, 1), date(2026, 12, 31), "区发展改革委", 300, 500),
    ("津财建〔2026〕9号", "工业设备更新专项资金管理办法", "市财政局", "市级", "工业", "补助", 500, "中央专项",
     date(2026, 2, 1), date(2026, 12, 31), "区工业和信息化局", 120, 120),
    ("津商消费〔2026〕3号", "消费品以旧换新实施细则", "市商务局", "市级", "", "补助", None, "超长期特别国债",
     date(2026, 1, 1), date(2026, 12, 31), "区商务局", 300, 500),
    ("津农机〔2026〕6号", "农业机械报废更新补贴实施方案", "市农业农村委", "市级", "农业", "补助", 2, "市级",
     date(2026, 3, 1), date(2026, 12, 20), "区农业农村委", 80, 80),
    ("银发〔2026〕15号", "科技创新和技术改造再贷款", "中国人民银行", "国家", "工业、建筑", "再贷款", None, "",
     date(2026, 1, 1), None, "区财政局", None, None),
    ("津武财〔2025〕3号", "区级设备更新奖励办法", "区财政局", "区级", "工业", "奖励", 20, "区级",
     date(2025, 1, 1), date(2026, 9, 30), "区财政局", 50, 50),
)  # fmt: skip
#: What only some cards say: domains of consumer goods, and who bears which part.
_MORE: Mapping[str, Row] = {
    "津商消费〔2026〕3号": {"consumer_domains": "汽车、家电、数码、家装", "central_percent": 85, "local_percent": 15},
    "发改环资〔2026〕1号": {"central_percent": 85, "local_percent": 15},
}  # fmt: skip
EXPIRED_POLICY = "津武财〔2025〕3号"


def policy_sheet(content: Content, month: str) -> Sheet:
    """Return the list of funding policies; in October two have obtained more and one has expired."""
    rows: list[Row] = []
    for number, name, issuer, level, domains, kind, cap, channel, start, end, department, *obtained in _POLICIES:
        row: Row = {
            "document_no": number, "name": name, "issuer": issuer, "level": level, "domains": domains, "object": "本区企业和居民",
            "support_kind": kind, "standard": "按文件执行", "cap": cap, "channel": channel, "valid_from": start, "valid_to": end,
            "department": department, "obtained": obtained[0 if month == "2026-09" else 1],
        }  # fmt: skip
        row |= _MORE.get(number, {})
        content.facts.append(Fact(month, "finance", "PolicyListed", f"{number}@{level}", dict(row)))
        if number == EXPIRED_POLICY and month == "2026-10":
            row |= {"expired_on": date(2026, 10, 1), "successor_no": "津武财〔2026〕11号"}
            content.facts.append(
                Fact(month, "finance", "PolicyExpired", f"{number}@{level}", {"on": row["expired_on"]})
            )
        rows.append({"no": len(rows) + 1} | row)
    return Sheet(
        "资金政策清单",
        "“两新”资金政策清单",
        POLICY_COLUMNS,
        rows,
        period=f"（{period_of(month)}）",
        third=third_line("finance"),
    )


# ---- scrappage ---------------------------------------------------------------------------------------------------

SCRAP_COLUMNS = tuple(
    Column(head, key)
    for head, key in (
        ("序号", "no"), ("类别", "category"), ("识别号/类型", "identifier_kind"), ("识别号/号码", "identifier"),
        ("凭证/种类", "certificate_kind"), ("凭证/编号", "certificate_no"), ("回收企业信用代码", "recycler_uscc"),
        ("排放标准", "emission_standard"), ("燃料", "fuel"), ("启用日期", "commissioned_on"), ("环节", "step"),
        ("办理日期", "on"), ("镇街园区", "town"),
    )
)  # fmt: skip
_SCRAP = (
    # month, bureau, category, identifier kind, first, last, step, day
    ("2026-09", "transport", "营运货车", "车架号", 1, 60, "交售回收", 9),
    ("2026-09", "transport", "营运货车", "车架号", 1, 40, "注销登记", 21),
    ("2026-10", "transport", "营运货车", "车架号", 41, 60, "注销登记", 13),
    ("2026-10", "transport", "营运货车", "车架号", 61, 110, "交售回收", 14),
    ("2026-09", "commerce", "乘用车", "车架号", 1, 80, "交售回收", 7),
    ("2026-10", "commerce", "乘用车", "车架号", 81, 160, "交售回收", 12),
    ("2026-10", "police", "乘用车", "车架号", 1, 60, "注销登记", 15),
    ("2026-09", "agriculture", "农业机械", "出厂编号", 1, 40, "交售回收", 10),
    ("2026-10", "agriculture", "农业机械", "出厂编号", 41, 70, "交售回收", 15),
    ("2026-10", "market-regulation", "电梯", "设备代码", 1, 20, "拆解销毁", 20),
)
_PREFIX = {"营运货车": "LHCTZ26T0", "乘用车": "LCYTZ26C0", "农业机械": "NJ26-", "电梯": "DT26-"}
_TOWNS = ("杨村街道", "南蔡村镇", "河西务镇", "梅厂镇")


def scrap_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau scrapped or deregistered in a month."""
    rows: list[Row] = []
    for of_month, by, category, kind, first, last, step, day in _SCRAP:
        if (of_month, by) != (month, bureau):
            continue
        for i in range(first, last + 1):
            vehicle = kind == "车架号"
            row: Row = {
                "category": category, "identifier_kind": kind,
                "identifier": f"{_PREFIX[category]}{i:08d}" if vehicle else f"{_PREFIX[category]}{i:04d}",
                "certificate_kind": {"交售回收": "回收证明", "注销登记": "注销证明"}.get(step, "拆除证明"),
                "certificate_no": f"{'HS' if step == '交售回收' else 'ZX'}-{category}-{i:04d}",
                "recycler_uscc": uscc(401 + i % 3), "emission_standard": "国三" if category == "营运货车" else "",
                "fuel": {"营运货车": "柴油", "乘用车": "汽油"}.get(category, ""),
                "commissioned_on": date(2011 if vehicle else 2006, 1 + i % 12, 15), "step": step,
                "on": date(2026, int(month[5:]), day + i % 5), "town": _TOWNS[i % 4],
            }  # fmt: skip
            content.facts.append(
                Fact(month, bureau, "EquipmentScrapped", f"{category}:{row['identifier']}", dict(row), sub=step)
            )
            rows.append({"no": len(rows) + 1} | row | {"on": date_text(row["on"], "点" if i % 4 == 0 else "cell")})
    if not rows:
        return None
    return Sheet(
        "报废淘汰台账", "报废淘汰台账", SCRAP_COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau)
    )


def wrong_scrap_sheet() -> tuple[Sheet, tuple[int, ...]]:
    """Return two lorries whose VINs cannot be right."""
    row: Row = {"no": 1, "category": "营运货车", "identifier_kind": "车架号", "certificate_kind": "回收证明",
                "recycler_uscc": uscc(401), "emission_standard": "国三", "fuel": "柴油", "step": "交售回收",
                "on": date(2026, 9, 15), "town": "杨村街道"}  # fmt: skip
    rows = [
        row | {"identifier": "LHCTZ26T00009001", "certificate_no": "HS-营运货车-9001"},
        row | {"no": 2, "identifier": "LHCTZ26TO00009002", "certificate_no": "HS-营运货车-9002"},
    ]
    sheet = Sheet(
        "报废淘汰台账",
        "报废淘汰台账（补充）",
        SCRAP_COLUMNS,
        rows,
        period="（2026年9月）",
        third=third_line("transport"),
    )
    return sheet, (45, 45)


# ---- recovered materials -----------------------------------------------------------------------------------------

MATERIALS = (
    # operator, material, unit, a month of 2025, a month of 2026, used of it (2026), outlets, 反向开票 a month of 2026 (万元)
    (501, "废钢铁", "吨", 400, 500, 450, 12, 100),
    (502, "废钢铁", "吨", 300, 300, 270, 8, 60),
    (501, "废有色金属", "吨", 40, 50, 45, 12, 30),
    (503, "报废机动车", "辆", 200, 260, 250, 2, 0),
    (504, "废弃电器电子产品", "台", 1000, 1400, 1300, 20, 0),
    (505, "废旧动力电池", "吨", 0, 20, 15, 3, 0),
)
"""The battery line begins in March 2026: last year has no base."""
_BATTERY_START = "2026-03"


def material_columns(*, history: bool) -> tuple[Column, ...]:
    """Give the columns of the materials sheet; the history has a month column."""
    heads = (
        ("序号", "no", 0), *((("月份", "month", 0),) if history else ()), ("经营主体信用代码", "operator_uscc", 0),
        ("品类", "material", 0), ("计量单位", "unit", 0), ("回收量", "recovered", 0), ("利用处置量", "used", 0), ("利用途径", "route", 0),
        ("网点数", "outlets", 0), ("反向开票额（万元）", "reverse_invoiced", 1),
    )  # fmt: skip
    return tuple(Column(head, key, bool(total)) for head, key, total in heads)


def material_sheet(content: Content, months: list[str], step: str, *, history: bool) -> Sheet:
    """Return the recovered materials of *months*."""
    rows: list[Row] = []
    for month in months:
        old = month < "2026"
        for operator, material, unit, last_year, this_year, used, outlets, invoiced in MATERIALS:
            if material == "废旧动力电池" and month < _BATTERY_START:
                continue
            row: Row = {
                "month": month, "operator_uscc": uscc(operator), "material": material, "unit": unit,
                "recovered": last_year if old else this_year, "used": last_year * 9 // 10 if old else used,
                "route": "梯次利用" if material == "废旧动力电池" else "精深加工", "outlets": outlets,
                "reverse_invoiced": 0 if old else invoiced,
            }  # fmt: skip
            rows.append({"no": len(rows) + 1} | row)
            content.facts.append(
                Fact(step, "commerce", "MaterialRecovered", row["operator_uscc"], row, sub=f"{month}|{material}")
            )
    return Sheet(
        "回收利用历史" if history else "回收利用台账", "回收利用情况", material_columns(history=history), rows,
        period="" if history else f"（{period_of(months[0])}）", third=third_line("commerce"), totals="" if history else "below",
    )  # fmt: skip
