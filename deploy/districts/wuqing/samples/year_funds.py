"""Funds, policies and their payments of the sample year: allocations by batch, the district's handing on, money of projects."""

from datetime import date

import content_funds as money
import content_trade as trade
from sheets import Content, Fact, Row, Sheet
from year_base import BEFORE, FIRST, MONTHS, day, later, of_month, sheet, stream
from year_trade import Trade

_CODES = {"区商务局": "commerce", "区工业和信息化局": "industry", "区农业农村委": "agriculture", "区卫生健康委": "health", "": ""}
#: Channel, number, level, 万元, carried over, recovered, to bureau, date, budget year; level 区级 hands money on.
_ALLOCATIONS = (
    ("超长期特别国债", "津财建指〔2025〕86号", "市级", 260, 0, 0, "", date(2025, 10, 28), 2025),
    ("超长期特别国债", "津武财指〔2025〕41号", "区级", 260, 0, 0, "区商务局", date(2025, 11, 6), 2025),
    ("市级", "津财农指〔2025〕40号", "市级", 150, 0, 0, "", date(2025, 6, 10), 2025),
    ("中央专项", "津财产指〔2025〕63号", "市级", 160, 0, 0, "", date(2025, 9, 18), 2025),
    ("中央专项", "津武财指〔2025〕37号", "区级", 160, 0, 0, "区工业和信息化局", date(2025, 10, 14), 2025),
    ("区级", "津武财预〔2025〕2号", "区级", 80, 0, 0, "区工业和信息化局", date(2025, 2, 26), 2025),
    ("超长期特别国债", "津财建指〔2026〕3号", "市级", 230, 30, 0, "", date(2026, 1, 16), 2026),
    ("超长期特别国债", "津武财指〔2026〕2号", "区级", 230, 0, 0, "区商务局", date(2026, 1, 28), 2026),
    ("区级", "津武财预〔2026〕2号", "区级", 90, 0, 5, "区工业和信息化局", date(2026, 2, 26), 2026),
    ("中央专项", "津财产指〔2026〕20号", "市级", 240, 0, 0, "", date(2026, 3, 20), 2026),
    ("中央专项", "津武财指〔2026〕7号", "区级", 220, 0, 0, "区工业和信息化局", date(2026, 4, 10), 2026),
    ("超长期特别国债", "津财建指〔2026〕22号", "市级", 200, 0, 0, "", date(2026, 4, 14), 2026),
    ("超长期特别国债", "津武财指〔2026〕9号", "区级", 200, 0, 0, "区商务局", date(2026, 4, 24), 2026),
    ("市级", "津财农指〔2026〕6号", "市级", 70, 20, 0, "", date(2026, 1, 22), 2026),
    ("市级", "津财农指〔2026〕31号", "市级", 120, 0, 0, "", date(2026, 5, 15), 2026),
    ("市级", "津武财指〔2026〕11号", "区级", 150, 0, 0, "区农业农村委", date(2026, 5, 28), 2026),
    ("中央预算内投资", "津发改投资〔2026〕44号", "市级", 260, 0, 0, "", date(2026, 6, 18), 2026),
    ("中央预算内投资", "津武财指〔2026〕16号", "区级", 200, 0, 0, "区卫生健康委", date(2026, 7, 3), 2026),
    ("超长期特别国债", "津财建指〔2026〕41号", "市级", 220, 0, 0, "", date(2026, 7, 15), 2026),
    ("超长期特别国债", "津武财指〔2026〕19号", "区级", 220, 0, 0, "区商务局", date(2026, 7, 27), 2026),
    ("超长期特别国债", "津财建指〔2026〕58号", "市级", 160, 0, 0, "", date(2026, 10, 15), 2026),
    ("超长期特别国债", "津武财指〔2026〕26号", "区级", 160, 0, 0, "区商务局", date(2026, 10, 22), 2026),
)
_ALL = (*BEFORE[-4:], *MONTHS)
#: Mark of an application, channel, its policy, months in which one is approved, 万元 from and to.
_PROJECTS = (
    ("ZX", "中央专项", "津财建〔2026〕9号", _ALL, 8, 26), ("SJ", "市级", "津农机〔2026〕6号", _ALL, 6, 16), ("QJ", "区级", "津武财〔2025〕3号", _ALL, 3, 8),
    ("ZY", "中央预算内投资", "津发改投资〔2026〕44号", tuple(m for m in MONTHS if m >= "2026-07"), 24, 45),
)  # fmt: skip
#: 文号, name, issuer, level, domains, consumer goods, kind, cap, channel, from, to, department, listed since, obtained by month (万元).
_POLICIES = (
    ("发改环资〔2025〕13号", "2025年“两新”加力扩围政策", "国家发展改革委", "国家", "工业、交通、医疗、教育", "汽车、家电、数码", "补助", None, "超长期特别国债",
     date(2025, 1, 1), date(2025, 12, 31), "区发展改革委", "2025-11", {"2025-11": 260}),
    ("津商消费〔2025〕2号", "2025年消费品以旧换新实施细则", "市商务局", "市级", "", "汽车、家电、数码、家装", "补助", None, "超长期特别国债",
     date(2025, 1, 1), date(2026, 3, 31), "区商务局", "2025-11", {}),
    ("津武财〔2025〕3号", "区级设备更新奖励办法", "区财政局", "区级", "工业", "", "奖励", 20, "区级",
     date(2025, 1, 1), date(2026, 12, 15), "区财政局", "2025-11", {"2025-11": 80, "2026-02": 170}),
    ("财金〔2024〕54号", "设备更新贷款财政贴息政策", "财政部", "国家", "工业、农业、建筑、交通", "", "贴息", None, "中央专项",
     date(2024, 6, 21), date(2026, 12, 31), "区财政局", "2025-11", {}),
    ("银发〔2024〕92号", "科技创新和技术改造再贷款", "中国人民银行", "国家", "工业、建筑", "", "再贷款", None, "", date(2024, 4, 1), None, "区财政局", "2025-11", {}),
    ("财税〔2024〕9号", "节能节水等专用设备数字化智能化改造税收政策", "财政部、税务总局", "国家", "工业、水务", "", "税收", None, "",
     date(2024, 1, 1), date(2027, 12, 31), "区税务局", "2025-11", {}),
    ("发改环资〔2025〕1745号", "2026年“两新”政策", "国家发展改革委", "国家", "工业、交通、医疗、教育、建筑", "汽车、家电、数码、家装", "补助", None, "超长期特别国债",
     date(2026, 1, 1), date(2026, 12, 31), "区发展改革委", "2026-01", {"2026-01": 230, "2026-04": 430, "2026-07": 650, "2026-10": 810}),
    ("津商消费〔2026〕3号", "2026年消费品以旧换新实施细则", "市商务局", "市级", "", "汽车、家电、数码、家装", "补助", None, "超长期特别国债",
     date(2026, 1, 1), date(2026, 12, 31), "区商务局", "2026-01", {}),
    ("津财建〔2026〕9号", "工业设备更新专项资金管理办法", "市财政局", "市级", "工业", "", "补助", 500, "中央专项",
     date(2026, 2, 1), date(2026, 12, 31), "区工业和信息化局", "2026-02", {"2026-03": 240}),
    ("津农机〔2026〕6号", "农业机械报废更新补贴实施方案", "市农业农村委", "市级", "农业", "", "补助", 2, "市级",
     date(2026, 3, 1), date(2026, 12, 20), "区农业农村委", "2026-03", {"2026-05": 180}),
    ("津住建节〔2026〕12号", "老旧住宅电梯更新补助办法", "市住房城乡建设委", "市级", "建筑", "", "补助", 15, "超长期特别国债",
     date(2026, 4, 1), date(2027, 3, 31), "区住房建设委", "2026-05", {}),
    ("津工信技改〔2026〕18号", "智能制造专项补助", "市工业和信息化局", "市级", "工业", "", "补助", 300, "市级", date(2026, 6, 1), date(2027, 5, 31), "区工业和信息化局", "2026-07", {}),
)  # fmt: skip
_EXPIRED = {"发改环资〔2025〕13号": ("2026-01", "发改环资〔2025〕1745号"), "津商消费〔2025〕2号": ("2026-04", "津商消费〔2026〕3号")}
_EAST = ("发改环资〔2025〕13号", "发改环资〔2025〕1745号", "津商消费〔2025〕2号", "津商消费〔2026〕3号")


def policy_sheet(content: Content, month: str) -> Sheet | None:
    """Return the list of funding policies of a month; what expired stays on it."""
    rows: list[Row] = []
    for number, name, issuer, level, domains, goods, kind, cap, channel, start, until, department, since, obtained in _POLICIES:
        gone, successor = _EXPIRED.get(number, ("9999", ""))
        if since <= month:
            row: Row = {
                "document_no": number, "name": name, "issuer": issuer, "level": level, "domains": domains, "consumer_domains": goods, "object": "本区企业和居民",
                "support_kind": kind, "standard": "按文件执行", "cap": cap, "channel": channel, "valid_from": start, "valid_to": until, "department": department,
                "obtained": max(((at, amount) for at, amount in obtained.items() if at <= month), default=("", None))[1],
            }  # fmt: skip
            row |= {"central_percent": 85, "local_percent": 15} if number in _EAST else {}
            content.facts.append(Fact(month, "finance", "PolicyListed", f"{number}@{level}", dict(row)))
            if month >= gone:
                row |= {"expired_on": day(gone, 1), "successor_no": successor}
                content.facts.append(Fact(month, "finance", "PolicyExpired", f"{number}@{level}", {"on": row["expired_on"]}))
            rows.append(row)
    return sheet("资金政策清单", "“两新”资金政策清单", money.POLICY_COLUMNS, rows, "finance", month)


def _allocations(content: Content, month: str) -> Sheet | None:
    rows: list[Row] = []
    for channel, number, level, amount, carried, recovered, to_bureau, on, year in _ALLOCATIONS:
        if of_month(on) <= month:
            row: Row = {"channel": channel, "allocation_no": number, "policy_no": "", "budget_year": year, "level": level, "amount": amount, "carried_over": carried,
                        "recovered": recovered, "to_bureau": to_bureau, "on": on}  # fmt: skip
            content.facts.append(Fact(month, "finance", "FundsAllocated", f"{number}:{channel}", row | {"to_bureau": _CODES[to_bureau]}))
            rows.append(row)
    return sheet("资金下达", "“两新”资金下达情况", money.ALLOCATED_COLUMNS, rows, "finance", month, "万元")


def _budget_year(channel: str, approved: date) -> int:
    """Return the budget year of money that is approved on a day: the newest of which the channel has got any by then."""
    return max((year for of, _, _, _, _, _, _, on, year in _ALLOCATIONS if of == channel and on <= approved), default=approved.year)


def _project_money(seed: int) -> list[tuple[Row, date, date | None]]:
    """Return the applications of projects with the days of approval and, where it comes within the year or later, of payment."""
    found: list[tuple[Row, date, date | None]] = []
    for mark, channel, policy, months, low, high in _PROJECTS:
        for month in months:
            chance = stream(seed, "project money", mark, month)
            for n in range(chance.choice((1, 1, 2)) if mark != "ZY" else 1):
                approved, amount = day(month, chance.randint(6, 24)), chance.randint(low, high) * 10_000
                paid = later(approved, chance.randint(9, 28) if chance.random() < 0.9 else 44) if chance.random() < 0.96 else None
                found.append((
                    {"application_no": f"{mark}-{month}-{n + 1:02d}", "related_key": "", "category": "", "policy_no": policy.replace("〔2026〕", f"〔{month[:4]}〕"), "batch_no": "1", "budget_year": _budget_year(channel, approved),
                     "channel": channel, "amount": amount, "share_central": amount if channel.startswith("中央") else 0, "share_city": amount if channel == "市级" else 0,
                     "share_district": amount if channel == "区级" else 0}, approved, paid))  # fmt: skip
    return found


def finance_sheets(content: Content, orders: Trade, month: str) -> list[Sheet]:
    """Return the finance bureau's fund sheets of a month."""
    applications = _project_money(orders.seed)
    # The first report brings along what was before.
    approved = [row | {"on": on} for row, on, _ in applications if max(FIRST, of_month(on)) == month]
    paid = [row | {"voucher_no": f"ZF-{row['application_no']}", "on": on} for row, _, on in applications if on and max(FIRST, of_month(on)) == month]
    content.facts += [Fact(month, "finance", "SubsidyApproved", row["application_no"], row) for row in approved]
    content.facts += [Fact(month, "finance", "SubsidyPaid", row["application_no"], row, sub=row["voucher_no"]) for row in paid]
    sheets = (
        policy_sheet(content, month), _allocations(content, month), _subsidies("项目资金审核", trade.APPROVED_COLUMNS, approved, month),
        _subsidies("补贴支付明细", trade.PAID_COLUMNS, [*orders.paid(content, month), *paid], month),
        _subsidies("资金冲回", trade.REVERSED_COLUMNS, orders.back(content, month), month),
    )  # fmt: skip
    return [each for each in sheets if each]


def _subsidies(name: str, columns: tuple[trade.Column, ...], rows: list[Row], month: str) -> Sheet | None:
    return sheet(name, f"“两新”{name}", money.with_district(columns), rows, "finance", month, totals="below")
