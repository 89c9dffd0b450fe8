"""What the year's bureaus do: tasks, matters for coordination, plans, documents and measures, support sought from above, indicators."""

from collections.abc import Mapping, Sequence
from datetime import date

import content_lists as lists
import content_tasks as tasks
from sheets import BUREAU_NAMES, Content, Fact, Row, Sheet, period_of
from signing import due_days
from year_base import BEFORE, FIRST, MONTHS, day, end, later, of_month, sheet, stream

# ---- tasks -------------------------------------------------------------------------------------------------------

_DOINGS = (
    "完成台账更新并与项目单位逐一核对", "召开调度会，协调设备交付和资金拨付", "开展现场核查，督促进度偏慢的项目", "组织政策宣讲，新增有意向的单位", "完成当月申报材料初审并上报",
    "梳理存在问题，提请工作专班协调", "与属地镇街对接，补齐台账缺项",
)  # fmt: skip
#: (bureau, task) → month since which it is done, or months in which it is behind.
_DONE = {("development-reform", "要求1"): "2026-05", ("tax", "保障3"): "2026-09", ("industry", "要求1"): "2026-06", ("publicity", "要求3"): "2026-10"}
_BEHIND = {("housing", "2"): ("2026-04", "2026-05", "2026-10"), ("agriculture", "3"): ("2026-10",), ("water", "2"): ("2026-08", "2026-09", "2026-10"), ("culture-tourism", "4"): ("2026-07",)}
_NOT_BEGUN = {("science", "保障6"): "2026-02", ("government-offices", "8"): "2026-01"}
#: (bureau, task) → unit, and about how many a month.
_COUNTED = {
    ("agriculture", "3"): ("台", 22), ("housing", "2"): ("部", 9), ("transport", "3"): ("辆", 44), ("commerce", "6"): ("件", 1400), ("commerce", "8"): ("个网点", 2),
    ("industry", "1"): ("项", 3), ("health", "4"): ("台套", 26), ("education", "4"): ("台套", 48), ("police", "5"): ("辆", 90), ("market-regulation", "2"): ("部", 11),
    ("government-offices", "8"): ("件", 60),
}  # fmt: skip
_OWN = {bureau: [task["no"] for task in tasks.TASKS if bureau in task["bureaus"]] for bureau in BUREAU_NAMES}


def task_sheet(content: Content, seed: int, bureau: str, month: str) -> Sheet | None:
    """Return the progress of the tasks that name the bureau."""
    rows: list[Row] = []
    for task in _OWN[bureau]:
        of, chance = (bureau, task), stream(seed, "task", bureau, task, month)
        state = "未启动" if month <= _NOT_BEGUN.get(of, "") else "滞后" if month in _BEHIND.get(of, ()) else "已完成" if month >= _DONE.get(of, "9999") else "推进中"
        doing = {"未启动": "实施方案正在征求意见", "已完成": "年度任务已完成，转入日常管理", "滞后": f"{chance.choice(_DOINGS)}，进度慢于计划，已约谈项目单位"}.get(state)
        row: Row = {"task_no": task, "state": state, "text": f"{period_of(month)}{doing or chance.choice(_DOINGS)}。"}
        if of in _COUNTED and state != "未启动":
            unit, middle = _COUNTED[of]
            row |= {"quantity": max(1, round(middle * chance.uniform(0.6, 1.35))), "unit": unit}
        if state == "滞后":
            row |= {"milestone": "补齐滞后进度", "due_on": day("2026-12", 20)}
        rows.append(row)
        content.facts.append(Fact(month, bureau, "TaskProgressReported", task, {k: v for k, v in row.items() if k != "task_no"} | {"month": month}, sub=month))
    return sheet("任务进展", "重点任务进展情况", tasks.COLUMNS, rows, bureau, month)


# ---- matters for coordination ------------------------------------------------------------------------------------

#: Bureau, text, done so far, proposal, asked of, responsible, month, days to the end, whether and after how many days it is solved.
_PROBLEMS = (
    ("industry", "技改项目用能指标偏紧", "已梳理8个项目用能需求", "统筹安排用能指标", "区发展改革委、区供电公司", "区发展改革委", "2025-11", 60, 48),
    ("housing", "老旧电梯更新居民意见征集难", "已走访11个小区", "属地街道协助征集", "杨村街道", "区住房建设委", "2025-12", 90, 104),
    ("commerce", "回收网点用地不足", "已提出布点方案", "纳入公共基础设施用地", "市规划资源局武清分局", "市规划资源局武清分局", "2026-01", 120, 110),
    ("transport", "公交场站充电容量不足", "已提出增容方案", "优先安排增容", "区供电公司", "区供电公司", "2026-02", 75, 61),
    ("health", "放射设备配置许可办理周期长", "已提交配置申请", "加强对上衔接", "区发展改革委", "区卫生健康委", "2026-03", 90, 132),
    ("agriculture", "报废农机集中回收点偏少", "已确定2处备选点", "落实回收点用地", "市规划资源局武清分局", "区农业农村委", "2026-04", 60, 55),
    ("water", "泵站机组更新停水窗口难协调", "已编制错峰方案", "错峰安排停水", "区城市管理委", "区水务局", "2026-05", 45, 40),
    ("industry", "部分项目环评办理偏慢", "已提前介入指导", "并联办理", "区生态环境局、区政务服务办", "区生态环境局", "2026-06", 60, 44),
    ("education", "暑期施工窗口短，设备到货集中", "已与供应商排定批次", "协调临时堆放场地", "区住房建设委", "区教育局", "2026-06", 50, 66),
    ("commerce", "家电以旧换新末端配送能力不足", "已增加2家合作企业", "简化车辆通行手续", "公安武清分局", "区商务局", "2026-07", 45, 38),
    ("housing", "加装电梯管线迁改费用分担未定", "已组织3次协商", "明确分担办法", "区财政局、区供电公司", "区住房建设委", "2026-08", 60, None),
    ("culture-tourism", "游乐设施更新检验排期紧", "已报检验计划", "增加检验力量", "区市场监管局", "区市场监管局", "2026-08", 45, 51),
    ("urban-management", "环卫车辆充电桩布点不足", "已摸排6处场地", "纳入年度建设计划", "区供电公司", "区城市管理委", "2026-09", 60, None),
    ("transport", "国三货车车主观望，报废进度放缓", "已逐户告知补贴标准", "加大宣传和路检", "公安武清分局", "区交通局", "2026-09", 75, None),
    ("health", "部分医疗设备招标流标", "已调整技术参数", "指导重新招标", "区财政局", "区卫生健康委", "2026-10", 45, None),
)  # fmt: skip


def problem_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return a bureau's matters that were open in the month; the month after they were raised a meeting decides who sees to them."""
    rows: list[Row] = []
    for n, (by, text, done, proposal, asks, responsible, since, days, solved) in enumerate(_PROBLEMS):
        raised = day(since, 6 + n % 15)
        resolved = later(raised, solved) if solved else None
        if by != bureau or not since <= month or (resolved and of_month(resolved) < month):
            continue
        no = f"WT-{since[:4]}-{n + 1:02d}"
        facts: Row = {"text": text, "done_so_far": done, "proposal": proposal, "asks_of": asks, "raised_on": raised}
        if month > since:
            facts |= {"responsible": responsible, "due_on": later(raised, days), "meeting": f"{int(since[5:])}月调度会"}
        content.facts.append(Fact(month, bureau, "ProblemRaised", no, facts))
        row: Row = {"problem_no": no} | facts
        if resolved and of_month(resolved) == month:
            row |= {"resolved_on": resolved, "resolution": "已协调办结"}
            content.facts.append(Fact(month, bureau, "ProblemResolved", no, {"resolution": "已协调办结", "on": resolved}))
        rows.append(row)
    return sheet("协调事项", "需协调解决的事项", lists.PROBLEM_COLUMNS, rows, bureau, month)


# ---- plans, documents, measures ----------------------------------------------------------------------------------

_LATE_PLANS = {"整体宣传方案": date(2025, 12, 18), "水务领域设备更新改造专项方案": date(2026, 1, 22), "资金政策清单图谱": date(2026, 3, 26), "文旅领域设备更新改造专项方案": date(2026, 5, 20)}
_NO_PLAN = "农业领域设备更新改造专项方案"


def plan_sheet(content: Content, plans: Sequence[Mapping[str, str]], bureau: str, month: str) -> Sheet | None:
    """Return the plans that a bureau reports as issued: most of 2024 with its first report, one still waits."""
    rows: list[Row] = []
    for n, plan in enumerate(plans):
        issued = _LATE_PLANS.get(plan["title"], later(date(2024, 7, 15), 11 * n))
        if plan["bureau"] == bureau and plan["title"] != _NO_PLAN and max(FIRST, of_month(issued)) == month:
            rows.append({"plan_kind": plan["kind"], "title": plan["title"], "document_no": f"津武{plan['kind']}〔{issued.year}〕{7 + n}号", "domain": plan.get("domain", ""), "issued_on": issued})
            content.facts.append(Fact(month, bureau, "PlanIssued", plan["title"], {"plan_kind": plan["kind"], "issued_on": issued}))
    return sheet("方案印发", "专项方案印发情况", lists.PLAN_COLUMNS, rows, bureau, month)


#: Number, title, issuer, month and day of receipt, departments; a month each.
_DOCUMENTS = (
    ("津发改环资〔2025〕88号", "关于做好四季度设备更新工作的通知", "市发展改革委", "2025-11", 10, ("development-reform", "industry", "housing")),
    ("津商流通〔2025〕61号", "关于规范家电以旧换新核验的通知", "市商务局", "2025-12", 3, ("commerce", "finance")),
    ("津发改环资〔2026〕4号", "关于2026年“两新”政策实施的通知", "市发展改革委", "2026-01", 12, ("development-reform", "commerce", "finance", "industry")),
    ("津住建节〔2026〕12号", "关于老旧住宅电梯更新补助的通知", "市住房城乡建设委", "2026-03", 4, ("housing", "market-regulation")),
    ("津交运〔2026〕17号", "关于老旧营运货车报废更新的通知", "市交通运输委", "2026-04", 8, ("transport", "police", "finance")),
    ("津教卫文联〔2026〕5号", "关于教育医疗文旅设备更新申报的通知", "市教委等3部门", "2026-05", 11, ("education", "health", "culture-tourism")),
    ("津工信技改〔2026〕18号", "关于智能制造专项申报的通知", "市工业和信息化局", "2026-06", 9, ("industry", "data", "science")),
    ("津应急〔2026〕30号", "关于安全装备更新的通知", "市应急管理局", "2026-07", 7, ("emergency", "industry", "power-supply")),
    ("津环气〔2026〕18号", "关于重点行业环保绩效提级的通知", "市生态环境局", "2026-08", 12, ("ecology", "market-regulation")),
    ("津商流通〔2026〕22号", "关于优化家电以旧换新流程的通知", "市商务局", "2026-09", 7, ("commerce", "government-services", "tax")),
    ("津农机〔2026〕33号", "关于秋季农机报废更新的通知", "市农业农村委", "2026-10", 12, ("agriculture", "finance")),
    ("津发改产业〔2026〕40号", "关于用能设备更新改造的通知", "市发展改革委", "2026-10", 26, ("development-reform", "industry", "government-offices")),
)  # fmt: skip
_FORMS = ("方案", "任务清单", "申报通知", "已有措施覆盖", "任务清单", "免于出台")
#: (number of the document, department) → days after the due day on which it is done; one asked for more time, one is still overdue.
_LATE_MEASURES = {(1, "finance"): 6, (4, "police"): 9, (7, "power-supply"): 14, (9, "tax"): 90}
_EXTENDED = (5, "health")


def document_sheet(content: Content, month: str) -> Sheet | None:
    """Return the register of documents received, kept by the development and reform commission."""
    rows: list[Row] = []
    for no, title, issuer, since, received, departments in _DOCUMENTS:
        if since <= month:
            on = day(since, received)
            named = "、".join(BUREAU_NAMES[d] + ("（牵头）" if n == 0 else "") for n, d in enumerate(departments))
            rows.append({"document_no": no, "title": title, "issuer": issuer, "level": "市", "issued_on": later(on, -4), "received_on": on, "departments": named})
            content.facts.append(Fact(month, "development-reform", "DocumentReceived", no, {"received_on": on, "departments": departments}))
    return sheet("市级文件收文登记", "市级文件收文登记", lists.DOCUMENT_COLUMNS, rows, "development-reform", month)


def measure_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau did in the month about the documents that name it."""
    rows: list[Row] = []
    clock = due_days()
    for n, (no, _, _, since, received, departments) in enumerate(_DOCUMENTS):
        if bureau not in departments:
            continue
        due = clock[day(since, received)]
        asked = later(due, -1)
        done = later(due, 12 if (n, bureau) == _EXTENDED else _LATE_MEASURES.get((n, bureau), -2 - len(bureau) % 4))
        row: Row = {"document_no": no}
        if of_month(done) == month:
            form = _FORMS[(n + departments.index(bureau)) % len(_FORMS)]
            if form == "免于出台":
                row |= {"exempt_reason": "市级文件已明确到项目，无需另行制定", "exempt_on": done}
                content.facts.append(Fact(month, bureau, "MeasureExempted", no, {"reason": row["exempt_reason"], "on": done}, sub=bureau))
            else:
                row |= {"form": form, "measure_no": f"津武{bureau[:2].upper()}〔{done.year}〕{20 + n}号", "measure_on": done}
                content.facts.append(Fact(month, bureau, "MeasureIssued", no, {"form": form, "on": done}, sub=bureau))
        if (n, bureau) == _EXTENDED and of_month(asked) == month:
            row |= {"until": later(due, 15), "approved_by": "区政府办公室", "extension_reason": "需与市级部门会商", "extended_on": asked}
            content.facts.append(Fact(month, bureau, "DeadlineExtended", no, {"until": row["until"]}, sub=bureau))
        if len(row) > 1:
            rows.append(row)
    return sheet("落实措施", "市级文件落实措施情况", lists.MEASURE_COLUMNS, rows, bureau, month)


# ---- support sought from above -----------------------------------------------------------------------------------

#: Bureau, name, domain, channel, level, asked, month; days to the recommendation, to the decision, part granted (none: returned, or still waiting).
_SUPPORT = (
    ("industry", "智能装备技改项目（第一批）", "工业", "超长期特别国债", "国家", 3600, "2025-12", 40, 120, 0.72), ("health", "影像设备更新（第一批）", "医疗", "超长期特别国债", "国家", 1250, "2025-12", 45, 130, 0.8),
    ("housing", "老旧住宅电梯更新（第一批）", "建筑", "超长期特别国债", "国家", 1350, "2026-01", 38, 110, 0.85), ("transport", "公交车电动化替代", "交通", "超长期特别国债", "国家", 2200, "2026-02", 35, 125, 0.6),
    ("industry", "空压机节能改造", "工业", "市级", "市", 180, "2026-02", 30, 75, None), ("education", "职业院校实训设备更新", "教育", "超长期特别国债", "国家", 900, "2026-03", 42, 118, 0.7),
    ("agriculture", "农机报废更新补贴（第一批）", "农业", "市级", "市", 240, "2026-03", 22, 60, 0.75), ("water", "泵站机组更新", "水务", "中央预算内投资", "国家", 760, "2026-04", 50, 140, 0.5),
    ("urban-management", "新能源环卫车辆更新", "城市管理", "超长期特别国债", "国家", 620, "2026-04", 44, 130, 0.65), ("culture-tourism", "演艺设备更新", "文旅", "超长期特别国债", "国家", 320, "2026-05", 40, 90, None),
    ("industry", "智能装备技改项目（第二批）", "工业", "超长期特别国债", "国家", 2800, "2026-06", 45, 110, 0.68), ("commerce", "再生资源分拣中心设备", "商业设施", "市级", "市", 300, "2026-07", 28, 80, 0.6),
    ("housing", "老旧住宅电梯更新（第二批）", "建筑", "超长期特别国债", "国家", 1480, "2026-08", 42, 150, 0.8), ("industry", "环保绩效提级改造", "工业", "中央专项", "国家", 1100, "2026-09", 30, 120, 0.7),
    ("health", "检验设备更新", "医疗", "超长期特别国债", "国家", 680, "2026-10", 60, 150, 0.7),
)  # fmt: skip


def support_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the applications of a bureau up to a month, each with what was decided of it by then."""
    rows: list[Row] = []
    for n, (by, name, domain, channel, level, asked, since, recommended, decided, part) in enumerate(_SUPPORT):
        applied, no = day(since, 5 + n), f"ZQ-{since[:4]}-{n + 1:02d}"
        if by != bureau or since > month:
            continue
        row: Row = {"support_no": no, "name": name, "domain": domain, "channel": channel, "level": level, "amount_asked": asked, "applied_on": applied}
        content.facts.append(Fact(month, bureau, "SupportApplied", no, {"channel": channel, "amount": asked, "on": applied}))
        steps = [("推荐", "recommended", later(applied, recommended), asked * 95 // 100, {})]
        steps.append(
            ("下达", "granted", later(applied, decided), int(asked * part), {"grant_no": f"津发改投资〔2026〕{90 + n}号"}) if part
            else ("退回", "returned", later(applied, decided), None, {"return_reason": "能效测试报告不全"})
        )  # fmt: skip
        for step, dated, on, amount, words in steps:
            if on <= end(month):
                row |= {f"{dated}_on": on, **({f"amount_{dated}": amount} if amount else {}), **words}
                content.facts.append(Fact(month, bureau, "SupportDecided", no, {"channel": channel, "step": step, "amount": amount, "on": on}, sub=step))
        rows.append(row)
    return sheet("对上争取", "对上争取项目和资金情况", lists.SUPPORT_COLUMNS, rows, bureau, month, "万元")


# ---- indicators --------------------------------------------------------------------------------------------------

#: Part of the year's investment by the end of a month; January is told with February.
_COURSE = (None, 0.09, 0.18, 0.265, 0.355, 0.46, 0.545, 0.63, 0.725, 0.81, 0.9, 1.0)
#: Domain → baseline 2023, the whole of 2024, 2025 and 2026 (万元); 文旅 has no baseline yet.
_STATISTICS: Mapping[str, tuple[int | None, int, int, int]] = {
    "工业": (486_000, 512_000, 541_000, 577_000), "农业": (32_400, 33_800, 35_900, 38_100), "建筑": (61_500, 63_900, 67_400, 71_600), "交通": (45_200, 47_600, 50_500, 53_700),
    "教育": (14_300, 15_000, 15_900, 16_900), "文旅": (None, 9_100, 9_600, 10_200), "医疗": (21_600, 22_900, 24_300, 26_000),
}  # fmt: skip
#: Indicator → bureau, unit, series, denominator, numerator in 2023, at the first and the last month; targets of 2025, 2026 and 2027 in %.
_RATIOS = {
    lists.GRADE_A: ("ecology", 1000, 200, 262, 318, (28, 33, 40)), lists.ENERGY: ("development-reform", 2600, 1560, 1835, 2002, (72, 78, 90)),
}  # fmt: skip
_STEEL = "再生钢铁原料利用量"


def indicator_sheets(content: Content, seed: int, bureau: str, month: str) -> list[Sheet]:
    """Return the sheets for baselines, targets and reported values that a bureau sends in a month; the first carry what was before."""
    told: dict[str, list[Row]] = {name: [] for name in lists.INDICATOR_SHEETS}
    for row in _indicator_rows(seed, bureau, month):
        name = "指标数据" if "-" in row["period"] else "基期数据" if row["period"] == "2023" else "目标任务"
        whole = {"numerator": None, "denominator": None, "domain": ""} | row | {"version": "2026-1"}
        told[name].append(whole)
        key = f"{whole['indicator']}@{whole['domain']}" if whole["domain"] else whole["indicator"]
        content.facts.append(Fact(month, bureau, lists.INDICATOR_SHEETS[name][0], key, whole, sub=f"{whole['series']},{whole['period']}"))
    found = [sheet(name, lists.INDICATOR_SHEETS[name][1], lists.INDICATOR_COLUMNS, rows, bureau, month) for name, rows in told.items()]
    return [each for each in found if each]


def _indicator_rows(seed: int, bureau: str, month: str) -> list[Row]:
    periods = [*BEFORE, month] if month == FIRST else [month]
    rows: list[Row] = []
    if bureau == "statistics":
        for domain, (base, *years) in _STATISTICS.items():
            common = {"indicator": lists.INVESTMENT, "domain": domain, "series": "统计", "unit": "万元"}
            if month == FIRST and base:
                rows.append(common | {"period": "2023", "value": base})
            for period in periods:
                part = _COURSE[int(period[5:]) - 1]
                bent = 1 if part in (None, 1) else stream(seed, "statistics", domain, period).uniform(0.985, 1.015)
                rows += [common | {"period": period, "value": round(years[int(period[:4]) - 2024] * part * bent)}] if part else []
    if bureau in lists.TARGETS and month == FIRST:
        domain = lists.TARGETS[bureau][0]
        base = _STATISTICS[domain][0] or 0
        common = {"indicator": lists.INVESTMENT, "domain": domain, "series": "统计", "unit": "万元"}
        rows += [common | {"period": period, "value": base * growth // 1000} for period, growth in (("2025", 1125), ("2026", 1190), ("2027", 1250))]
    for indicator, (by, whole, base, first, last, targets) in _RATIOS.items():
        if by == bureau:
            common = {"indicator": indicator, "series": "调度", "unit": "%"}
            if month == FIRST:
                rows.append(common | {"period": "2023", "numerator": base, "denominator": whole, "value": round(base * 100 / whole, 2)})
                rows += [common | {"period": str(2025 + n), "value": target} for n, target in enumerate(targets)]
            for period in periods:
                at = (MONTHS.index(period) if period in MONTHS else BEFORE.index(period) - 12) / 11
                part = round(first + (last - first) * at)
                rows.append(common | {"period": period, "numerator": part, "denominator": whole, "value": round(part * 100 / whole, 2)})
    if bureau == "development-reform" and month[5:] in ("12", "03", "06", "09"):
        rows.append({"indicator": _STEEL, "series": "代理", "unit": "吨", "period": month, "value": {"12": 36_400, "03": 8_700, "06": 18_300, "09": 28_600}[month[5:]]})
    return rows


