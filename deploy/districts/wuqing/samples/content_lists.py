"""Lists beside projects and money: enterprises, problems, plans, documents and measures, indicators."""

from datetime import date

from content_projects import uscc
from sheets import BUREAU_NAMES, Column, Content, Fact, Row, Sheet, period_of, third_line

SEPTEMBER, OCTOBER = "2026-09", "2026-10"


def _columns(*pairs: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(head, key) for head, key in pairs)


# ---- enterprises: 先进设备企业清单 -------------------------------------------------------------------------------

ENTERPRISE_COLUMNS = (
    *_columns(
        ("序号", "no"), ("统一社会信用代码", "uscc"), ("企业名称", "name"), ("类型", "role"), ("领域", "domain"),
        ("主要产品", "main_products"), ("产能", "capacity"),
    ),
    Column("年产值（万元）", "output", total=True),
    *_columns(("资质", "qualifications"), ("服务领域", "serves_domains"), ("入库日期", "listed_on"), ("退出原因", "reason")),
)  # fmt: skip

_ENTERPRISES = """
201|industry|数控机床样例公司|生产企业|工业|数控车床、加工中心|800台/年|12000|高新技术企业|工业、教育
202|industry|工业机器人样例公司|生产企业|工业|焊接机器人、搬运机器人|500台/年|9000|高新技术企业、专精特新|工业
203|industry|空压机样例公司|供应商|工业|节能空压机||3000||工业、医疗
204|industry|智能电表样例公司|生产企业|工业|智能电表|20万只/年|6000|专精特新|工业、水务
205|agriculture|农机装备样例公司|生产企业|农业|拖拉机、收获机|1200台/年|7000||农业
206|agriculture|植保装备样例公司|供应商|农业|植保无人机||1500||农业
207|housing|电梯样例公司|生产企业|建筑|乘客电梯、加装电梯|2000台/年|15000|特种设备制造许可|建筑、医疗
208|housing|换热设备样例公司|供应商|建筑|板式换热器||2500||建筑
209|urban-management|环卫车辆样例公司|生产企业|城市管理|新能源环卫车|600辆/年|8000||城市管理
210|transport|充电设备样例公司|生产企业|交通|直流充电桩|5000台/年|5000|高新技术企业|交通、城市管理
211|transport|客车样例公司|供应商|交通|纯电动公交车||4000||交通
212|health|影像设备样例公司|供应商|医疗|数字化摄影设备||3500|医疗器械经营许可|医疗
213|education|实训设备样例公司|供应商|教育|数控实训台||1200||教育
"""
SHARED_ENTERPRISE = 204
"""Listed by the industry bureau and, as a supplier, by the housing bureau too: one enterprise, one row."""
NEW_IN_OCTOBER = ("214|industry|再制造发动机样例公司|生产企业|工业|再制造发动机|3000台/年|2000||交通、农业",)
DELISTED_IN_OCTOBER = 203


def enterprise_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return a bureau's enterprise list of a month, or ``None`` where it has none."""
    lines = [*_ENTERPRISES.strip().splitlines(), *(NEW_IN_OCTOBER if month == OCTOBER else ())]
    if bureau == "housing":
        lines.append("204|housing|智能电表样例公司|供应商|建筑|智能水表||6000||建筑、水务")
    rows: list[Row] = []
    for line in lines:
        number, by, name, role, domain, products, capacity, output, qualifications, serves = line.split("|")
        if by != bureau:
            continue
        listed = date(2026, 10, 20) if line in NEW_IN_OCTOBER else date(2026, 9, 10)
        row: Row = {
            "uscc": uscc(int(number)), "name": name, "role": role, "domain": domain, "main_products": products,
            "capacity": capacity, "output": int(output), "qualifications": qualifications, "serves_domains": serves,
            "listed_on": listed, "reason": "",
        }  # fmt: skip
        if int(number) == DELISTED_IN_OCTOBER and month == OCTOBER:
            row |= {"reason": "已迁出本区", "listed_on": date(2026, 10, 22)}
            content.facts.append(Fact(month, bureau, "EnterpriseDelisted", row["uscc"], {"reason": row["reason"]}))
        else:
            facts = {k: v for k, v in row.items() if k != "reason"}
            content.facts.append(Fact(month, bureau, "EnterpriseListed", row["uscc"], facts))
        rows.append({"no": len(rows) + 1} | row)
    if not rows:
        return None
    return Sheet(
        "先进设备企业清单", "武清区先进产品设备生产企业和供应商清单", ENTERPRISE_COLUMNS, rows,
        period=f"（{period_of(month)}）", third=third_line(bureau), totals="below",
    )  # fmt: skip


# ---- problems, plans ---------------------------------------------------------------------------------------------

PROBLEM_COLUMNS = _columns(
    ("序号", "no"), ("编号", "problem_no"), ("事项", "text"), ("已做工作", "done_so_far"), ("建议", "proposal"),
    ("涉及单位", "asks_of"), ("责任单位", "responsible"), ("办结时限", "due_on"), ("议定会议", "meeting"),
    ("提出日期", "raised_on"), ("办结日期", "resolved_on"), ("办理结果", "resolution"),
)  # fmt: skip
#: Number → since which month it is decided: responsible unit, due day, meeting.
_DECIDED = {
    "WT-2026-01": (SEPTEMBER, "区发展改革委", date(2026, 10, 25), "9月调度会"), "WT-2026-02": (SEPTEMBER, "区住房建设委", date(2026, 10, 20), "9月调度会"),
    "WT-2026-03": (OCTOBER, "市规划资源局武清分局", date(2026, 12, 15), "10月调度会"),
}  # fmt: skip
_PROBLEMS = (
    ("industry", SEPTEMBER, "WT-2026-01", "技改项目用能指标偏紧", "已梳理3个项目用能需求", "统筹安排用能指标",
     "区发展改革委、区供电公司", date(2026, 9, 11), date(2026, 10, 21), "已协调用能指标并办结"),
    ("housing", SEPTEMBER, "WT-2026-02", "老旧电梯更新居民意见征集难", "已走访4个小区", "属地街道协助征集",
     "杨村街道", date(2026, 9, 18), None, ""),
    ("commerce", SEPTEMBER, "WT-2026-03", "回收网点用地不足", "已提出布点方案", "纳入公共基础设施用地",
     "市规划资源局武清分局", date(2026, 9, 22), None, ""),
    ("health", OCTOBER, "WT-2026-04", "放射设备配置许可办理周期长", "已提交配置申请", "加强对上衔接",
     "区发展改革委", date(2026, 10, 14), None, ""),
)  # fmt: skip


def problem_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the matters a bureau raises for coordination; one settled later is repeated with its result."""
    rows: list[Row] = []
    for by, since, no, text, done, proposal, asks, raised, resolved, resolution in _PROBLEMS:
        if by != bureau or since > month:
            continue
        row: Row = {"no": len(rows) + 1, "problem_no": no, "text": text, "done_so_far": done, "proposal": proposal,
                    "asks_of": asks, "raised_on": raised}  # fmt: skip
        facts: Row = {"text": text, "raised_on": raised}
        if no in _DECIDED and month >= _DECIDED[no][0]:
            decided = dict(zip(("responsible", "due_on", "meeting"), _DECIDED[no][1:], strict=True))
            row, facts = row | decided, facts | decided
        content.facts.append(Fact(month, bureau, "ProblemRaised", no, facts))
        if resolved is not None and month == OCTOBER:
            row |= {"resolved_on": resolved, "resolution": resolution}
            content.facts.append(Fact(month, bureau, "ProblemResolved", no, {"resolution": resolution, "on": resolved}))
        rows.append(row)
    if not rows:
        return None
    return Sheet(
        "协调事项",
        "需协调解决的事项",
        PROBLEM_COLUMNS,
        rows,
        period=f"（{period_of(month)}）",
        third=third_line(bureau),
    )


# ---- support sought from above: 对上争取清单 -------------------------------------------------------------------------

SUPPORT_COLUMNS = (
    *_columns(
        ("序号", "no"), ("申报编号", "support_no"), ("项目或批次", "name"), ("项目代码", "project_code"), ("领域", "domain"),
        ("资金渠道", "channel"), ("层级", "level"),
    ),
    Column("申请金额（万元）", "amount_asked"),
    *_columns(("申报日期", "applied_on"), ("推荐日期", "recommended_on")),
    Column("推荐金额（万元）", "amount_recommended"),
    Column("下达日期", "granted_on"),
    Column("下达金额（万元）", "amount_granted"),
    *_columns(("下达文号", "grant_no"), ("退回日期", "returned_on"), ("退回理由", "return_reason")),
)  # fmt: skip
#: Bureau, number, name, domain, channel, level, asked, applied, {step: (date, amount, document or reason)}; money in 万元.
_SUPPORT = (
    ("industry", "ZQ-2026-01", "智能装备技改项目（第一批）", "工业", "超长期特别国债", "国家", 2600, date(2026, 4, 22), {
        "推荐": (date(2026, 6, 5), 2400, ""), "下达": (date(2026, 9, 16), 1950, "津发改投资〔2026〕118号")}),
    ("industry", "ZQ-2026-02", "空压机节能改造", "工业", "市级", "市", 180, date(2026, 8, 11), {
        "退回": (date(2026, 10, 13), None, "能效测试报告不全")}),
    ("housing", "ZQ-2026-03", "老旧住宅电梯更新（第二批）", "建筑", "超长期特别国债", "国家", 1350, date(2026, 9, 8), {
        "推荐": (date(2026, 10, 20), 1350, "")}),
    ("health", "ZQ-2026-04", "影像设备更新", "医疗", "超长期特别国债", "国家", 900, date(2026, 9, 24), {}),
)  # fmt: skip


def support_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the applications of a bureau up to a month, each with what was decided of it by then."""
    rows: list[Row] = []
    for by, no, name, domain, channel, level, asked, applied, decided in _SUPPORT:
        if by != bureau or f"{applied:%Y-%m}" > month:
            continue
        row: Row = {
            "no": len(rows) + 1, "support_no": no, "name": name, "domain": domain, "channel": channel, "level": level,
            "amount_asked": asked, "applied_on": applied,
        }  # fmt: skip
        facts = {"channel": channel, "amount": asked, "on": applied}
        content.facts.append(Fact(month, bureau, "SupportApplied", no, facts))
        for step, (on, amount, words) in decided.items():
            if f"{on:%Y-%m}" <= month:
                dated, in_words = {"推荐": ("recommended", ""), "下达": ("granted", "grant_no"), "退回": ("returned", "return_reason")}[step]
                row |= {f"{dated}_on": on, f"amount_{dated}": amount} | ({in_words: words} if in_words else {})
                facts = {"channel": channel, "step": step, "amount": amount, "on": on}
                content.facts.append(Fact(month, bureau, "SupportDecided", no, facts, sub=step))
        rows.append(row)
    if not rows:
        return None
    return Sheet(
        "对上争取", "对上争取项目和资金情况", SUPPORT_COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau, "万元"),
    )  # fmt: skip


PLAN_COLUMNS = _columns(
    ("序号", "no"),
    ("方案类别", "plan_kind"),
    ("方案名称", "title"),
    ("文号", "document_no"),
    ("领域", "domain"),
    ("印发日期", "issued_on"),
)
_PLANS = (
    ("development-reform", SEPTEMBER, "总体", "全区总体方案", "津武发改〔2026〕11号", "", date(2026, 4, 20)),
    ("development-reform", SEPTEMBER, "回收", "回收循环利用专项方案", "津武发改〔2026〕15号", "", date(2026, 5, 18)),
    ("industry", SEPTEMBER, "行业", "工业领域设备更新改造专项方案", "津武工信〔2026〕9号", "工业", date(2026, 5, 8)),
    ("housing", SEPTEMBER, "行业", "建筑领域设备更新改造专项方案", "津武住建〔2026〕21号", "建筑", date(2026, 5, 29)),
    ("transport", SEPTEMBER, "行业", "交通领域设备更新改造专项方案", "津武交[2026]7号", "交通", date(2026, 6, 3)),
    ("health", SEPTEMBER, "行业", "医疗领域设备更新改造专项方案", "津武卫健〔2026〕13号", "医疗", date(2026, 6, 11)),
    ("commerce", SEPTEMBER, "消费品", "消费品以旧换新专项方案", "津武商务〔2026〕6号", "", date(2026, 4, 28)),
    ("market-regulation", SEPTEMBER, "标准", "落实标准提升行动专项方案", "津武市监〔2026〕17号", "", date(2026, 6, 24)),
    ("education", OCTOBER, "行业", "教育领域设备更新改造专项方案", "津武教〔2026〕30号", "教育", date(2026, 10, 16)),
    ("finance", OCTOBER, "图谱", "资金政策清单图谱", "津武财〔2026〕25号", "", date(2026, 10, 23)),
)


def plan_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the plans that a bureau issued and reports in a month."""
    rows: list[Row] = []
    for by, since, kind, title, no, domain, issued in _PLANS:
        if by == bureau and since == month:
            rows.append({"no": len(rows) + 1, "plan_kind": kind, "title": title, "document_no": no, "domain": domain,
                         "issued_on": issued})  # fmt: skip
            content.facts.append(Fact(month, bureau, "PlanIssued", title, {"plan_kind": kind, "issued_on": issued}))
    if not rows:
        return None
    return Sheet(
        "方案印发", "专项方案印发情况", PLAN_COLUMNS, rows, period=f"（{period_of(month)}）", third=third_line(bureau)
    )


# ---- documents and measures: the clock of ten working days -------------------------------------------------------

DOCUMENT_COLUMNS = _columns(
    ("序号", "no"), ("市级文件/文号", "document_no"), ("市级文件/名称", "title"), ("市级文件/发文单位", "issuer"),
    ("市级文件/层级", "level"), ("市级文件/成文日期", "issued_on"), ("市级文件/收文日期", "received_on"), ("责任单位", "departments"),
)  # fmt: skip
D1, D2, D3, D4, D5 = (
    "津发改环资〔2026〕31号", "津商流通〔2026〕22号", "津教卫文联〔2026〕5号", "津环气〔2026〕18号", "津发改产业〔2026〕40号",
)  # fmt: skip
_DOCUMENTS = (
    # received, due = the tenth working day from the day after
    (SEPTEMBER, D1, "关于加力推进设备更新的实施方案", "市发展改革委", date(2026, 8, 26), date(2026, 8, 31),
     ("industry", "housing", "transport", "agriculture")),  # due 2026-09-14
    (SEPTEMBER, D2, "关于优化家电以旧换新流程的通知", "市商务局", date(2026, 9, 3), date(2026, 9, 7),
     ("commerce", "finance")),  # due 2026-09-20, a worked Sunday
    (SEPTEMBER, D3, "关于教育医疗文旅设备更新申报的通知", "市教委等3部门", date(2026, 9, 14), date(2026, 9, 16),
     ("education", "health", "culture-tourism")),  # due 2026-09-30
    (OCTOBER, D4, "关于重点行业环保绩效提级的通知", "市生态环境局", date(2026, 10, 9), date(2026, 10, 12),
     ("ecology", "market-regulation")),  # due 2026-10-26
    (OCTOBER, D5, "关于用能设备更新改造的通知", "市发展改革委", date(2026, 10, 22), date(2026, 10, 26),
     ("development-reform", "industry")),  # due 2026-11-09
)  # fmt: skip


def document_sheet(content: Content, month: str) -> Sheet:
    """Return the register of documents received, kept by the development and reform commission."""
    rows: list[Row] = []
    for since, no, title, issuer, issued, received, departments in _DOCUMENTS:
        if since > month:
            continue
        named = "、".join(BUREAU_NAMES[d] + ("（牵头）" if i == 0 else "") for i, d in enumerate(departments))
        rows.append({"no": len(rows) + 1, "document_no": no, "title": title, "issuer": issuer, "level": "市",
                     "issued_on": issued, "received_on": received, "departments": named})  # fmt: skip
        facts = {"received_on": received, "departments": departments}
        content.facts.append(Fact(month, "development-reform", "DocumentReceived", no, facts))
    return Sheet("市级文件收文登记", "市级文件收文登记", DOCUMENT_COLUMNS, rows, period=f"（{period_of(month)}）",
                 third=third_line("development-reform"))  # fmt: skip


MEASURE_COLUMNS = _columns(
    ("序号", "no"), ("市级文件文号", "document_no"), ("落实措施/形式", "form"), ("落实措施/文号", "measure_no"),
    ("落实措施/印发日期", "measure_on"), ("免于出台理由", "exempt_reason"), ("免于出台日期", "exempt_on"),
    ("延期/延至", "until"), ("延期/批准单位", "approved_by"), ("延期/理由", "extension_reason"), ("延期/批准日期", "extended_on"),
)  # fmt: skip
_MEASURES = (
    ("industry", SEPTEMBER, D1, "方案", "津武工信〔2026〕22号", date(2026, 9, 10), None),
    ("housing", SEPTEMBER, D1, "任务清单", "津武住建〔2026〕40号", date(2026, 9, 14), None),
    ("transport", SEPTEMBER, D1, "免于出台", "市级文件已明确到项目，无需另行制定", date(2026, 9, 11), None),
    ("commerce", SEPTEMBER, D2, "申报通知", "津武商务〔2026〕19号", date(2026, 9, 18), None),
    ("finance", SEPTEMBER, D2, "已有措施覆盖", "津武财〔2026〕8号", date(2026, 9, 16), None),
    ("education", SEPTEMBER, D3, "申报通知", "津武教〔2026〕27号", date(2026, 9, 28), None),
    ("culture-tourism", SEPTEMBER, D3, "申报通知", "津武文旅〔2026〕12号", date(2026, 9, 30), None),
    ("health", SEPTEMBER, D3, "", "", None, date(2026, 10, 20)),
    ("health", OCTOBER, D3, "方案", "津武卫健〔2026〕28号", date(2026, 10, 19), date(2026, 10, 20)),
    ("agriculture", OCTOBER, D1, "方案", "津武农〔2026〕33号", date(2026, 10, 12), None),
    ("ecology", OCTOBER, D4, "任务清单", "津武环〔2026〕16号", date(2026, 10, 23), None),
)


def measure_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau did about the documents that name it."""
    rows: list[Row] = []
    for by, since, no, form, text, on, until in _MEASURES:
        if by != bureau or since != month:
            continue
        row: Row = {"no": len(rows) + 1, "document_no": no}
        if form == "免于出台":
            row |= {"exempt_reason": text, "exempt_on": on}
            content.facts.append(Fact(month, bureau, "MeasureExempted", no, {"reason": text, "on": on}, sub=bureau))
        elif form:
            row |= {"form": form, "measure_no": text, "measure_on": on}
            content.facts.append(Fact(month, bureau, "MeasureIssued", no, {"form": form, "on": on}, sub=bureau))
        if until is not None:
            row |= {"until": until, "approved_by": "区政府办公室", "extension_reason": "需与市级部门会商",
                    "extended_on": date(2026, 9, 29)}  # fmt: skip
            content.facts.append(Fact(month, bureau, "DeadlineExtended", no, {"until": until}, sub=bureau))
        rows.append(row)
    if not rows:
        return None
    return Sheet(
        "落实措施",
        "市级文件落实措施情况",
        MEASURE_COLUMNS,
        rows,
        period=f"（{period_of(month)}）",
        third=third_line(bureau),
    )


# ---- indicators: baselines, targets, reports -----------------------------------------------------------------------

INVESTMENT, ENERGY, GRADE_A = "设备投资额", "主要用能设备节能水平占比", "环保绩效A级产能占比"
LAST_TOTAL = "2025-12"
INDICATOR_COLUMNS = _columns(
    ("序号", "no"), ("指标", "indicator"), ("领域", "domain"), ("口径", "series"), ("期间", "period"), ("分子", "numerator"),
    ("分母", "denominator"), ("数值", "value"), ("计量单位", "unit"), ("版本", "version"),
)  # fmt: skip

STATISTICS = {
    # domain: baseline 2023, ytd 2025-09, ytd 2025-10, the year 2025, ytd 2026-09, ytd 2026-10 (万元); 文旅 has no baseline yet
    "工业": (40000, 30000, 33000, 42000, 36000, 39600), "农业": (4000, 3000, 3300, 4300, 3300, 3630), "建筑": (8000, 6000, 6600, 8400, 7200, 7920),
    "交通": (6000, 4500, 5000, 6400, 5400, 6000), "教育": (3000, 2000, 2200, 2900, 2400, 2640), "文旅": (None, 1000, 1100, 1400, 1200, 1320),
    "医疗": (5000, 4000, 4400, 5600, 4400, 4840),
}  # fmt: skip
TARGETS = {
    # bureau: domain, target 2027 = 1.25 × baseline, target of the year 2026 = 1.15 × baseline (万元)
    "industry": ("工业", 50000, 46000), "agriculture": ("农业", 5000, 4600), "housing": ("建筑", 10000, 9200),
    "transport": ("交通", 7500, 6900), "education": ("教育", 3750, 3450), "health": ("医疗", 6250, 5750),
}  # fmt: skip
OWN_INDICATORS = {
    # bureau: indicator, {period: (numerator, denominator, %)}; baseline = 2023, targets = 2026 and 2027
    "ecology": (GRADE_A, {"2023": (200, 1000, 20), "2026": (None, None, 35), "2027": (None, None, 40),
                          "2025-09": (250, 1000, 25), "2025-10": (250, 1000, 25), "2026-09": (300, 1000, 30),
                          "2026-10": (320, 1000, 32)}),
    "development-reform": (ENERGY, {"2023": (600, 1000, 60), "2026": (None, None, 80), "2027": (None, None, 90),
                                    "2026-09": (760, 1000, 76), "2026-10": (770, 1000, 77)}),
}  # fmt: skip


INDICATOR_SHEETS = {
    "基期数据": ("BaselineSet", "目标体系基期数据"), "目标任务": ("TargetSet", "目标任务分解"), "指标数据": ("IndicatorReported", "目标体系指标数据"),
}  # fmt: skip
_NO_RATIO = {"numerator": None, "denominator": None}


def indicator_sheets(content: Content, bureau: str, month: str) -> list[Sheet]:
    """Return the sheets for baselines, targets and reported values that a bureau sends in a month."""
    rows: dict[str, list[Row]] = {name: [] for name in INDICATOR_SHEETS}
    for row in (*_statistics_rows(bureau), *_target_rows(bureau), *_own_rows(bureau)):
        sheet = "基期数据" if row["period"] == "2023" else "目标任务" if len(row["period"]) == 4 else "指标数据"
        due = row["period"][5:] == month[5:] if sheet == "指标数据" and row["period"] != LAST_TOTAL else month == SEPTEMBER
        if due and row["value"] is not None:
            whole = row | {"version": "2026-1"}
            rows[sheet].append({"no": len(rows[sheet]) + 1} | whole)
            key = f"{row['indicator']}@{row['domain']}" if row["domain"] else row["indicator"]
            sub = f"{row['series']},{row['period']}"
            content.facts.append(Fact(month, bureau, INDICATOR_SHEETS[sheet][0], key, whole, sub=sub))
    period, third = f"（{period_of(month)}）", third_line(bureau)
    return [
        Sheet(name, INDICATOR_SHEETS[name][1], INDICATOR_COLUMNS, found, period=period, third=third)
        for name, found in rows.items()
        if found
    ]


def _statistics_rows(bureau: str) -> list[Row]:
    """Return the official series of investment: 2023 and the months of the sample."""
    periods = ("2023", "2025-09", "2025-10", LAST_TOTAL, "2026-09", "2026-10")
    common = {"indicator": INVESTMENT, "series": "统计", "unit": "万元", **_NO_RATIO}
    return [
        common | {"domain": domain, "period": period, "value": value}
        for domain, values in (STATISTICS.items() if bureau == "statistics" else ())
        for period, value in zip(periods, values, strict=True)
    ]


def _target_rows(bureau: str) -> list[Row]:
    """Return a domain bureau's targets of investment for 2027 and for the year."""
    if bureau not in TARGETS:
        return []
    domain, target, year = TARGETS[bureau]
    common = {"indicator": INVESTMENT, "domain": domain, "series": "统计", "unit": "万元", **_NO_RATIO}
    return [common | {"period": "2027", "value": target}, common | {"period": "2026", "value": year}]


def _own_rows(bureau: str) -> list[Row]:
    """Return everything of the indicator that a bureau answers for itself."""
    if bureau not in OWN_INDICATORS:
        return []
    indicator, periods = OWN_INDICATORS[bureau]
    common = {"indicator": indicator, "domain": "", "series": "调度", "unit": "%"}
    return [
        common | {"period": period, "numerator": numerator, "denominator": denominator, "value": value}
        for period, (numerator, denominator, value) in periods.items()
    ]
