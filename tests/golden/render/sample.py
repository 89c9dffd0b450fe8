"""A realistic report value for the renderers: eight sections, seven tables, four charts, eight annexes.

The numbers are invented but consistent in kind: money in yuan with two places, gaps where a bureau was silent, a
zero base without a growth rate, a returned subsidy, texts that look like formulas.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import Annex, Cell, Chart, Figure, Report, Section, Series, Source, Table
from exchange_hub.views.lists import BY_NAME

MONTH = "2026-10"
YTD = "2026-01/2026-10"
WAN = 10_000
BUREAUS = (
    "区工业和信息化局", "区住房建设委", "区交通局", "区农业农村委", "区教育局", "区文化和旅游局", "区卫生健康委", "区商务局",
)
DOMAINS = ("工业", "农业", "建筑", "交通", "教育", "文旅", "医疗")

_figures: dict[str, Figure] = {}


def money(wan: str) -> Decimal:
    """Return yuan for an amount in 万元."""
    return (Decimal(wan) * WAN).quantize(Decimal("0.01"))


def fig(
    id_: str, value: str | Decimal | None, unit: str, list_: str = "equipment-projects",
    where: Mapping[str, object] | None = None, *, measure: str = "count", period: str = YTD, absent: str = "—",
) -> Cell:
    """Make a figure cell and remember the figure under its id."""
    number = None if value is None else Decimal(value)
    figure = Figure(id_, number, unit, period, Source(list_, where or {}, measure, 7), absent)
    _figures[id_] = figure
    return Cell(figure=figure)


def text(value: str) -> Cell:
    return Cell(value)


def _goals() -> Table:
    rows = (
        ("重点领域设备投资", "equipment", ("382600.5", "478250.63", "440000", "361204.28"), "元", "11.3", "82.1", "各领域单位", "调度"),
        ("主要用能设备节能水平以上占比", "energy", ("41.2", "60", "55", "52.7"), "%", None, "95.8", "区工信局", "调度"),
        ("环保绩效A级产能占比", "ecology", (None, None, "18", None), "%", None, None, "区生态环境局", "统计"),
        ("报废汽车回收量", "cars", ("3120", "6200", "5400", "4716"), "辆", "36.2", "87.3", "区商务局", "代理"),
        ("废旧家电回收量", "home", ("88200", "114600", "108000", "92155"), "台", "22.4", "85.3", "区商务局", "代理"),
    )
    made = []
    for name, code, values, unit, yoy, rate, who, series in rows:
        cells = [text(name)]
        for measure, value in zip(("baseline", "target", "year_target", "ytd"), values, strict=True):
            scaled = money(value) if value and unit == "元" else value
            absent = "未报送" if measure == "ytd" else "未设定"
            cells.append(fig(f"goals.{code}.{measure}", scaled, unit, "indicators", {"indicator": name}, measure="sum(value)", absent=absent))
        cells.append(fig(f"goals.{code}.yoy", yoy, "%", "", {}, measure="ytd ÷ ytd_last_year − 1"))
        cells.append(fig(f"goals.{code}.rate", rate, "%", "", {}, measure="ytd ÷ year_target"))
        made.append((*cells, text(who), text(series)))
    columns = ("指标", "2023基数", "2027目标", "今年目标", "本年累计", "同比", "完成年度%", "责任单位", "来源")
    return Table("goals", "总体目标进展", columns, tuple(made), "亿元")


def _equipment() -> Table:
    data = (
        ("工业", 86, "52/21", "612450.37", "301220.15", "18230.4", "168420.66", "84.6", 1236, "48210.5", "31022.75"),
        ("农业", 14, "9/3", "21300", "12850", "820.5", "7344.2", "79.1", 312, "4210", "2980.06"),
        ("建筑", 31, "17/8", "96520.8", "42310.6", "3120", "33218.9", "88.2", 418, "12040", "8115.4"),
        ("交通", 19, "12/5", "54210", "48800", "2210.25", "39104", "91.5", 266, "15300", "12044.1"),
        ("教育", 22, "11/9", "18340.2", "12990.5", "1204", "9120.33", "76.4", 5210, "6020", "4411.02"),
        ("文旅", 7, "4/1", "9210", "4120", None, None, None, 34, "900", "310"),
        ("医疗", 16, "8/6", "33210", "29870.9", "1980.7", "24310", "83.9", 188, "14200", "9803.3"),
        ("合计", 195, "113/53", "845241.37", "432162.15", "27565.85", "281518.09", "85.0", 7664, "100880.5", "68686.63"),
    )
    made = []
    for row in data:
        where = {"domain": row[0], "admin_state": ("正常", "暂停")}
        key = f"equipment.{row[0]}"

        def sums(measure: str, value: str | None, where: dict[str, object] = where, key: str = key) -> Cell:
            yuan = None if value is None else money(value)
            return fig(f"{key}.{measure}", yuan, "元", where=where, measure=f"sum({measure})", absent="未报送")

        made.append((
            text(row[0]), fig(f"{key}.projects", str(row[1]), "个", where=where), text(row[2]),
            sums("total_investment", row[3]), sums("equipment_investment", row[4]), sums("month", row[5]),
            sums("ytd", row[6]), fig(f"{key}.plan_rate", row[7], "%", "", {}, measure="ytd ÷ planned_by_year", absent="未报送"),
            fig(f"{key}.units_done", str(row[8]), "台套", where=where, measure="sum(units_done)"),
            sums("funds_arrived", row[9]), sums("funds_paid", row[10]),
        ))
    columns = ("领域", "项目数", "在建/竣工", "总投资", "设备投资", "本月", "自年初", "完成年度计划%", "更新台套", "资金到位", "资金支付")
    return Table("equipment", "设备更新进展", columns, tuple(made))


def _tradein() -> Table:
    data = (
        ("汽车报废更新", 2211, 2108, 1986, "3720.5", "31820.6", "28.4", 6, "9.2"),
        ("汽车置换更新", 3902, 3711, 3502, "4410.25", "58210.35", "31.7", 11, "13.4"),
        ("家电", 48211, 47020, 45110, "3820.75", "25610.9", "18.2", 402, "31.6"),
        ("数码和智能产品", 30122, 29870, 28800, "1190.4", "9820.11", None, 211, "8.1"),
        ("家装厨卫", 5210, 5002, 4710, "620.33", "4810.7", "-6.5", 35, "4.4"),
        ("电动自行车", 8814, 8790, 8702, "440.1", "2511.25", "52.0", 4, "0.2"),
        ("合计", 98470, 96501, 92810, "14202.33", "132783.91", "25.1", 669, "66.9"),
    )
    made = []
    for name, applied, approved, paid, subsidy, sales, yoy, returned, back in data:
        where = {"category": name, "month": "2026-01..2026-10"}
        key = f"tradein.{name}"
        made.append((
            text(name),
            fig(f"{key}.applied", str(applied), "件", "trade-in", where, measure="sum(count)"),
            fig(f"{key}.approved", str(approved), "件", "funds", {"category": name, "step": "审核"}),
            fig(f"{key}.paid_count", str(paid), "件", "funds", {"category": name, "step": "支付"}),
            fig(f"{key}.subsidy", money(subsidy), "元", "trade-in", where, measure="sum(subsidy)"),
            fig(f"{key}.sales", money(sales), "元", "trade-in", where, measure="sum(sale_amount)"),
            fig(f"{key}.yoy", yoy, "%", "", {}, measure="sales ÷ sales_last_year − 1"),
            fig(f"{key}.returned", str(returned), "件", "trade-in", where, measure="sum(returned_count)"),
            fig(f"{key}.subsidy_returned", money(back), "元", "trade-in", where, measure="sum(subsidy_returned)"),
        ))
    columns = ("品类", "申请", "审核通过", "拨付件数", "补贴金额", "带动销售额", "累计同比", "退回件数", "退回补贴")
    return Table("tradein", "以旧换新进展", columns, tuple(made))


def _recovery() -> Table:
    data = (
        ("报废汽车", "辆", "4716", "4502", "36.2", 3, "812.4"),
        ("废旧家电", "台", "92155", "90120", "22.4", 41, "316.25"),
        ("废钢铁", "吨", "182330.5", "179004.25", "8.1", 12, "2210.7"),
        ("动力电池", "吨", "1260.75", "1104.5", None, 5, None),
        ("农业机械", "台", "388", "361", "14.8", 4, "42"),
    )
    made = []
    for name, unit, got, used, yoy, outlets, invoiced in data:
        key, where = f"recovery.{name}", {"material": name}
        made.append((
            text(name), text(unit), fig(f"{key}.recovered", got, unit, "materials", where, measure="sum(recovered)"),
            fig(f"{key}.used", used, unit, "materials", where, measure="sum(used)"), fig(f"{key}.yoy", yoy, "%", "", {}, measure="ratio"),
            fig(f"{key}.outlets", str(outlets), "个", "materials", where, measure="sum(outlets)", period=MONTH),
            fig(f"{key}.reverse_invoiced", None if invoiced is None else money(invoiced), "元", "materials", where,
                measure="sum(reverse_invoiced)", absent="未报送"),
        ))
    columns = ("品类", "单位", "回收量", "处置量", "同比", "网点数", "反向开票额")
    return Table("recovery", "回收循环利用进展", columns, tuple(made))


def _funds() -> Table:
    data = (
        ("超长期特别国债", "津财建〔2026〕18号", "42000", "40200", "38110.4", "31022.75", "73.9", "10977.25", 6),
        ("中央预算内投资", "津发改投资〔2026〕77号", "8600", "8600", "7204", "5988.1", "69.6", "2611.9", 2),
        ("市级", "津财工〔2026〕9号", "6200", "6200", "5980.5", "5204.06", "83.9", "995.94", 0),
        ("区级", "武财预〔2026〕31号", "2400", "2100", "2040.25", "1890", "78.8", "510", 1),
        ("合计", "", "59200", "57100", "53335.15", "44104.91", "74.5", "15095.09", 9),
    )
    made = []
    for channel, number, *amounts, rate, balance, overdue in data:
        key, where = f"funds.{channel}", {"channel": channel}
        cells = [text(channel), text(number)]
        for measure, amount in zip(("allocated", "subdivided", "approved", "paid"), amounts, strict=True):
            cells.append(fig(f"{key}.{measure}", money(str(amount)), "元", "funds", {**where, "step": measure}, measure="sum(amount)"))
        cells.append(fig(f"{key}.pay_rate", rate, "%", "", {}, measure="paid ÷ allocated"))
        cells.append(fig(f"{key}.balance", money(str(balance)), "元", "", {}, measure="allocated + carried_over − recovered − paid"))
        cells.append(fig(f"{key}.overdue", str(overdue), "件", "funds", where))
        made.append(tuple(cells))
    columns = ("渠道", "下达文号", "下达", "分解", "审核通过", "支付", "支付率", "结余", "超期件数")
    return Table("funds", "资金下达与支付", columns, tuple(made))


def _documents() -> Table:
    rows = (
        ("津政办发〔2026〕21号", "2026-10-09", "区商务局", "2026-10-23", "方案 武商发〔2026〕14号", "已出台"),
        ("津发改环资〔2026〕310号", "2026-10-13", "区发展改革委", "2026-10-27", "申报通知 武发改〔2026〕52号", "已出台"),
        ("津工信规〔2026〕6号", "2026-10-15", "区工业和信息化局", "2026-10-29", "免于出台（已有措施覆盖）", "已办结"),
        ("津建科〔2026〕88号", "2026-10-21", "区住房建设委", "2026-11-04", "", "在办"),
        ("津卫规财〔2026〕40号", "2026-10-12", "区卫生健康委", "2026-10-26", "", "超期"),
    )
    columns = ("市级文件", "收文日", "责任单位", "到期日", "措施形式/文号", "状态")
    return Table("documents", "市级文件承接落实", columns, tuple(tuple(text(cell) for cell in row) for row in rows))


def _problems() -> Table:
    rows = (
        ("部分项目结算资料未齐，支付滞后", "区财政局、区工业和信息化局", "已逐项核对结算资料", "11月20日前集中会审一次", "2026-10-16"),
        ("老旧电梯更新居民意见分歧", "区住房建设委、有关街道", "已召开居民议事会6次", "请街道牵头一梯一策", "2026-10-21"),
        ("动力电池回收企业资质待办", "区商务局、区生态环境局", "已提前介入辅导", "请市级部门支持加快办理", "2026-09-28"),
    )
    columns = ("事项", "涉及单位", "已做工作", "建议", "提出日")
    return Table("problems", "需协调事项", columns, tuple(tuple(text(cell) for cell in row) for row in rows))


def _charts() -> dict[str, Chart]:
    rates = [_figures[f"equipment.{domain}.plan_rate"].value for domain in DOMAINS]
    this_year = [18120, 14230, 25110, 27440, 29810, 31220, 28840, 30110, 29070, 27565]
    last_year = [16020, 12110, 22600, 25030, 26110, 28770, None, 27010, 27640, 25990, 24310, 30220]
    channels = ("超长期特别国债", "中央预算内投资", "市级", "区级")
    steps = (("下达", "allocated"), ("审核通过", "approved"), ("支付", "paid"))
    categories = ("汽车报废更新", "汽车置换更新", "家电", "数码和智能产品", "家装厨卫", "电动自行车")
    return {
        "rates": Chart("rates", "各领域完成年度计划情况", "%", DOMAINS, (
            Series("完成率", tuple(rates)), Series("序时进度", (Decimal("83.3"),) * len(DOMAINS), "line"),
        )),
        "monthly": Chart("monthly", "月度设备更新完成投资", "元", tuple(f"{number}月" for number in range(1, 13)), (
            Series("2026年", (*(money(str(v)) for v in this_year), None, None)),
            Series("2025年", tuple(None if v is None else money(str(v)) for v in last_year), "line"),
        )),
        "subsidies": Chart("subsidies", "分品类补贴金额", "元", categories, (
            Series("补贴金额", tuple(_figures[f"tradein.{name}.subsidy"].value for name in categories)),
        )),
        "ladder": Chart("ladder", "资金下达—支付情况", "元", channels, tuple(
            Series(name, tuple(_figures[f"funds.{channel}.{code}"].value for channel in channels)) for name, code in steps
        )),
    }


def _projects(prefix: str, count: int) -> tuple[Mapping[str, object], ...]:
    kinds = ("数控机床更新改造项目", "高效节能电机及空压机成套更新项目（一期）", "老旧供热锅炉更新", "医学影像设备更新", "实训设备更新项目")
    return tuple(
        {
            "row_key": f"{prefix}-{n}", "component": f"{prefix}-{n}", "bureaus": ["industry"],
            "project_code": f"2509-120114-89-01-{544000 + n}" if n % 4 else None, "internal_no": f"GX-{n:03d}",
            "name": f"示例企业{n:02d}号{kinds[n % 5]}", "domain": DOMAINS[n % 7], "construction_nature": "改建和技术改造",
            "lead_bureau": BUREAUS[n % 7], "owner_uscc": "91120222MA05XXXX0Q", "owner_name": f"天津示例{n:02d}制造有限公司",
            "town": ("杨村街道", "京津科技谷产业园", "下朱庄街道", "大碱厂镇")[n % 4], "total_investment": 123_456_789_01 + n * 777_77,
            "equipment_investment": 65_432_100_00 + n * 131_31, "equipment_purchase": None,
            "planned_by_year": {"2026": 40_000_000_00, "2027": 12_345_67}, "funding": {"企业自筹": 90_000_000_00, "银行贷款": 33_456_789_01},
            "funds_arrived": 20_000_000_00, "funds_paid": 15_000_000_50, "units_planned": 40 + n, "units_done": n,
            "energy_saving": Decimal("123.4500"), "approval_no": f"武审批〔2026〕{n}号", "starts_on_planned": date(2026, 3, 1),
            "starts_on_actual": date(2026, 3, 10) + timedelta(days=n), "ends_on_planned": "2027-06-30", "ends_on_actual": None,
            "build_state": ("在建", "竣工", "未开工", "投产")[n % 4], "fund_state": ("已下达", "国家入围", "未申报")[n % 3], "admin_state": "正常",
            "waste_category": None, "capacity": None, "latest_month": MONTH, "invested_since_start": 70_000_000_00 + n,
            "invested_year_to_date": 31_000_000_10 + n, "problems": '=HYPERLINK("http://example.invalid","看")' if n == 3 else "",
        }
        for n in range(1, count + 1)
    )


def _annexes() -> tuple[Annex, ...]:
    enterprises = tuple(
        {"uscc": f"911202225{n:08d}X", "name": f"天津示例{n:02d}装备股份有限公司", "role": "生产企业", "domain": DOMAINS[n % 7],
         "main_products": ["数控机床", "工业机器人"], "capacity": "年产300台", "output": 88_000_000_00 + n, "qualifications": ["高新技术企业"],
         "serves_domains": ["工业", "医疗"], "lead_bureau": BUREAUS[n % 7]}
        for n in range(1, 26)
    )
    policies = tuple(
        {"document_no": f"津财建〔2026〕{n}号", "name": f"重点领域设备更新贴息政策（第{n}批）", "issuer": "市财政局", "level": "市级",
         "domains": ["工业", "农业"], "object": "企业", "conditions": "@含贷款合同", "support_kind": "贴息", "standard": "年化1.5个百分点",
         "cap": 10_000_000_00, "channel": "市级", "valid_from": "2026-01-01", "valid_to": "2026-12-31", "department": "区财政局"}
        for n in range(1, 13)
    )
    funds = tuple(
        {"step": ("下达", "审核", "支付", "冲回")[n % 4], "channel": "超长期特别国债", "allocation_no": "津财建〔2026〕18号",
         "application_no": f"SQ2026{n:05d}", "voucher_no": f"PZ{n:05d}", "budget_year": 2026, "level": "区级", "to_bureau": "区商务局",
         "amount": 123_456 * n, "category": "家电", "on_date": f"2026-{n % 10 + 1:02d}-15", "lead_bureau": "区财政局", "granularity": "明细"}
        for n in range(1, 81)
    )
    problems = tuple(
        {"problem_no": f"XT-2026-{n:03d}", "text": "部分项目结算资料未齐，资金支付滞后，需财政与主管部门共同会审", "done_so_far": "已逐项核对",
         "proposal": "集中会审一次", "asks_of": ["区财政局", "区工业和信息化局"], "raised_on": "2026-10-16", "lead_bureau": "区工业和信息化局"}
        for n in range(1, 6)
    )
    documents = tuple(
        {"document_no": f"津政办发〔2026〕{n}号", "title": "关于进一步做好消费品以旧换新工作的通知", "issuer": "市政府办公厅", "level": "市",
         "issued_on": "2026-10-01", "received_on": "2026-10-09", "department": BUREAUS[n % 8], "part": "牵头", "due_on": "2026-10-23",
         "form": "方案" if n % 3 else None, "measure_no": f"武商发〔2026〕{n}号" if n % 3 else None, "measure_on": "2026-10-20" if n % 3 else None}
        for n in range(1, 19)
    )
    submissions = tuple(
        {"bureau": bureau, "list": name, "month": MONTH, "state": ("已确认", "零报告", "未报送")[(i + j) % 3], "rows": 10 * i + j,
         "confirmed_on": "2026-11-03" if (i + j) % 3 < 2 else None, "signed_by": "签发" if (i + j) % 3 < 2 else None}
        for i, bureau in enumerate(BUREAUS) for j, name in enumerate(("equipment-projects", "enterprises", "funds", "problems"))
    )
    lists: Iterable[tuple[str, str, tuple[Mapping[str, object], ...]]] = (
        ("设备更新项目清单", "equipment-projects", _projects("sb", 64)), ("先进设备企业清单", "enterprises", enterprises),
        ("回收循环利用项目清单", "recycling-projects", _projects("hs", 6)), ("资金政策清单", "funding-policies", policies),
        ("资金台账", "funds", funds), ("协调事项", "problems", problems), ("文件与落实措施", "documents", documents),
        ("报送情况", "submissions", submissions),
    )
    return tuple(Annex(title, BY_NAME[name], rows) for title, name, rows in lists)


def report() -> Report:
    """Build the sample."""
    _figures.clear()
    goals, equipment, tradein = _goals(), _equipment(), _tradein()
    recovery, funds = _recovery(), _funds()
    charts = _charts()
    sections = (
        Section("总体目标", ("重点领域设备投资本年累计36.12亿元，同比增长11.3%，完成年度目标82.1%。环保绩效A级产能占比尚未报送，不以零计。",), (goals,)),
        Section("设备更新", (
            "（一）投资进度。本月完成投资2.76亿元，自年初累计28.15亿元，完成年度计划85.0%，高于序时进度1.7个百分点。",
            "（二）资金使用。到位资金10.09亿元，支付6.87亿元。",
        ), (equipment,), (charts["rates"], charts["monthly"])),
        Section("以旧换新", ("累计申请98470件，审核通过96501件，拨付92810件，补贴1.42亿元，带动销售额13.28亿元，累计同比增长25.1%。",),
                (tradein,), (charts["subsidies"],)),
        Section("回收循环", ("回收报废汽车4716辆、废旧家电92155台，回收网点65个。",), (recovery,)),
        Section("资金", ("各渠道累计下达5.92亿元，支付4.41亿元，支付率74.5%，审核通过后30日未支付9件。",), (funds,), (charts["ladder"],)),
        Section("政策方案", ("本月收到市级文件5件，已出台或办结3件，在办1件，超期1件。",), (_documents(),)),
        Section("问题及建议协调事项", (), (_problems(),)),
        Section("下月重点", ("一是组织支付滞后项目集中会审；二是完成老旧电梯更新年度计划；三是办结超期未出台的配套措施。",)),
    )
    return Report(
        district="武清区", month=MONTH, issue=10, title="武清区“两新”工作专报（2026年第10期）", as_of="2026-11-05",
        closed_at="2026-11-05T01:30:00+00:00",
        cut={"hub.wuqing.industry.events": 1820, "hub.wuqing.commerce.events": 99210, "hub.wuqing.finance.events": 4410},
        stamp={"code": "0.1.0", "contracts": "5f0c9a1be2", "configuration": "77ab01c3d4"}, catalogue=present(),
        summary=(
            "设备更新项目195个，总投资84.52亿元；本月完成投资2.76亿元，自年初累计28.15亿元，完成年度计划85.0%。",
            "消费品以旧换新补贴1.42亿元，带动销售额13.28亿元，累计同比增长25.1%。",
            "资金支付率74.5%，超期未支付9件；市级文件超期未出台措施1件。",
        ),
        sections=sections,
        notes=(
            "截止时点为2026年11月5日9时30分，逾期、到期按2026年11月5日计算。",
            "区文化和旅游局截至2026年11月5日尚未报送项目月度进度，本期未计入，不以零计。",
            "上期调整：2026年9月工业领域完成投资由18100.00万元调整为17950.00万元，原因：区工业和信息化局更正。",
        ),
        annexes=_annexes(), figures=dict(_figures),
    )
