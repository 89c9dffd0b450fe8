"""Lists of the sample year beside projects and money: enterprises, scrappage, materials, safeguards, publicity, elimination, stocks."""

from collections.abc import Mapping
from random import Random

import content_funds as money
import content_lists as lists
import content_safeguards as safeguards
import content_stocks as stocks
import content_supervision as supervision
from content_equipment import date_text
from content_projects import uscc
from sheets import Content, Fact, Row, Sheet, third_line
from year_base import BEFORE, FIRST, MONTHS, day, index, later, numbered, of_month, sheet, stream

# ---- enterprises -------------------------------------------------------------------------------------------------

#: Bureau → domain and products of the makers and suppliers that it finds.
_PRODUCTS: Mapping[str, tuple[str, str]] = {
    "industry": ("工业", "数控机床、焊接机器人、节能空压机、智能电表、伺服压力机、激光切割机、工业锅炉、高效电机、输送分拣线、检测仪器、涂布机、注塑机"),
    "agriculture": ("农业", "拖拉机、植保无人机、粮食烘干机、温室环控装备"), "housing": ("建筑", "乘客电梯、板式换热器、二次供水设备、安防监控设备"),
    "urban-management": ("城市管理", "新能源环卫车、垃圾压缩设备、智能路灯"), "transport": ("交通", "直流充电桩、纯电动公交车、客运安检设备"),
    "water": ("水务", "离心水泵、曝气设备、智能水表"), "health": ("医疗", "数字化摄影设备、超声诊断设备、检验分析仪"),
    "education": ("教育", "数控实训台、理化实验台、智慧教室设备"), "culture-tourism": ("文旅", "舞台灯光音响、自助借还设备"),
}  # fmt: skip
_LEFT = {("industry", 3): "已迁出本区", ("housing", 2): "不再生产该类产品"}


def enterprise_sheet(content: Content, seed: int, bureau: str, month: str) -> Sheet | None:
    """Return a bureau's list of enterprises: most from the first month on, the others one after another; two left in the summer."""
    domain, products = _PRODUCTS.get(bureau, ("", ""))
    rows: list[Row] = []
    for n, product in enumerate(products.split("、") if domain else ()):
        since = FIRST if n % 3 < 2 else MONTHS[(n * 5 + len(products)) % 12]
        left = "2026-07" if (bureau, n) in _LEFT else "9999"
        if not since <= month <= left:
            continue
        chance, maker = stream(seed, "enterprise", bureau, n), n % 3 != 1
        row: Row = {
            "uscc": enterprise(bureau, n), "name": f"{product}样例公司", "role": "生产企业" if maker else "供应商", "domain": domain, "main_products": product,
            "capacity": f"{chance.randint(2, 40) * 50}台/年" if maker else "", "output": chance.randint(8, 160) * 100,
            "qualifications": chance.choice(("高新技术企业", "专精特新", "")), "serves_domains": domain, "listed_on": day(since, 10), "reason": "",
        }  # fmt: skip
        if month == left:
            row |= {"reason": _LEFT[bureau, n], "listed_on": day(month, 22)}
            content.facts.append(Fact(month, bureau, "EnterpriseDelisted", row["uscc"], {"reason": row["reason"]}))
        else:
            content.facts.append(Fact(month, bureau, "EnterpriseListed", row["uscc"], {k: v for k, v in row.items() if k != "reason"}))
        rows.append(row)
    return sheet("先进设备企业清单", "武清区先进产品设备生产企业和供应商清单", lists.ENTERPRISE_COLUMNS, rows, bureau, month, totals="below")


def enterprise(bureau: str, n: int) -> str:
    """Return the invented code of a bureau's n-th enterprise."""
    return uscc(600 + list(_PRODUCTS).index(bureau) * 20 + n)


def product(bureau: str, n: int) -> str:
    """Return what a bureau's n-th enterprise makes."""
    return _PRODUCTS[bureau][1].split("、")[n]


# ---- scrappage ---------------------------------------------------------------------------------------------------

#: Category → bureau, kind of number, its beginning, how many a month of the year.
_SCRAPPED: Mapping[str, tuple[str, str, str, tuple[int, ...]]] = {
    "营运货车": ("transport", "车架号", "LHCTZ26T0", (26, 12, 38, 42, 44, 46, 40, 42, 48, 52, 56, 48)),
    "城市公交车": ("transport", "车架号", "LGBTZ26B0", (0, 0, 2, 0, 4, 6, 0, 8, 4, 0, 6, 10)),
    "乘用车": ("commerce", "车架号", "LCYTZ26C0", ()),
    "农业机械": ("agriculture", "出厂编号", "NJ26-", (4, 3, 14, 22, 30, 42, 26, 18, 24, 40, 34, 12)),
    "电梯": ("market-regulation", "设备代码", "DT26-", (4, 2, 8, 10, 12, 14, 12, 10, 14, 16, 14, 10)),
    "锅炉": ("market-regulation", "设备代码", "GL26-", (0, 0, 1, 2, 3, 2, 2, 1, 2, 2, 1, 0)),
}
_FUEL = {"营运货车": "柴油", "乘用车": "汽油", "城市公交车": "天然气", "锅炉": "燃煤"}
_TOWNS = ("杨村街道", "南蔡村镇", "河西务镇", "梅厂镇", "崔黄口镇", "王庆坨镇", "下朱庄街道", "大良镇")


def scrap_sheet(content: Content, seed: int, bureau: str, month: str, cars: Mapping[str, int]) -> Sheet | None:
    """Return what a bureau took in or deregistered in a month; *cars* are those handed in for a new one, by month."""
    rows: list[Row] = []
    for category, (by, _, _, numbers) in _SCRAPPED.items():
        if bureau not in (by, "police" if category == "乘用车" else by):
            continue
        # What is deregistered now was taken in this month or the one before.
        for taken_in in [of for of in MONTHS if index(month) - 1 <= index(of) <= index(month)]:
            for number in range(1, (numbers[int(taken_in[5:]) - 1] if numbers else cars[taken_in]) + 1):
                rows += _steps(stream(seed, "scrap", category, taken_in, number), bureau, month, category, taken_in, number)
    content.facts += [Fact(month, bureau, "EquipmentScrapped", f"{row['category']}:{row['identifier']}", row, sub=row["step"]) for row in rows]
    rows = [row | {"on": date_text(row["on"], "点" if n % 4 == 0 else "cell")} for n, row in enumerate(rows)]
    return sheet("报废淘汰台账", "报废淘汰台账", money.SCRAP_COLUMNS, rows, bureau, month)


def _steps(chance: Random, bureau: str, month: str, category: str, taken_in: str, number: int) -> list[Row]:
    """Return what a bureau tells in a month of one piece that was taken in in a month."""
    by, kind, start, _ = _SCRAPPED[category]
    vehicle, taken, serial = kind == "车架号", day(taken_in, chance.randint(2, 27)), (index(taken_in) - index(FIRST)) * 200 + number
    steps = [("拆解销毁" if category == "电梯" else "交售回收", by, taken)]
    if vehicle:
        steps.append(("注销登记", "police" if category == "乘用车" else by, later(taken, chance.randint(7, 25))))
    common: Row = {
        "category": category, "identifier_kind": kind, "identifier": f"{start}{serial:08d}" if vehicle else f"{start}{serial:05d}", "recycler_uscc": uscc(401 + number % 4),
        "emission_standard": chance.choice(("国三", "国三", "国四")) if category == "营运货车" else "", "fuel": _FUEL.get(category, ""),
        "commissioned_on": day(f"{chance.randint(2008, 2013 if vehicle else 2010)}-{chance.randint(1, 12):02d}", 15), "town": _TOWNS[number % len(_TOWNS)],
    }  # fmt: skip
    return [
        common | {"step": step, "on": on, "certificate_kind": {"交售回收": "回收证明", "注销登记": "注销证明"}.get(step, "拆除证明"),
                  "certificate_no": f"{'ZX' if step == '注销登记' else 'HS'}-{category}-{serial:05d}"}
        for step, teller, on in steps if (teller, of_month(on)) == (bureau, month)
    ]  # fmt: skip


# ---- recovered materials -----------------------------------------------------------------------------------------

_MATERIALS = (
    # operator, material, unit, a middle month of 2025 and of 2026, outlets, 万元 invoiced per unit, route
    (501, "废钢铁", "吨", 1850, 2060, 14, 0.21, "精深加工"), (502, "废钢铁", "吨", 1120, 1190, 9, 0.21, "精深加工"), (501, "废有色金属", "吨", 164, 182, 14, 0.9, "精深加工"),
    (503, "报废机动车", "辆", 262, 318, 3, 0, "精深加工"), (504, "废弃电器电子产品", "台", 2950, 3420, 26, 0, "精深加工"), (505, "废旧动力电池", "吨", 0, 31, 4, 0, "梯次利用"),
    (506, "废塑料", "吨", 540, 575, 11, 0.28, "精深加工"), (506, "废纸", "吨", 1380, 1350, 11, 0.09, "精深加工"), (507, "废轮胎", "吨", 210, 226, 5, 0, "再制造"),
)  # fmt: skip


def material_sheet(content: Content, seed: int, months: tuple[str, ...], step: str) -> Sheet:
    """Return the recovered materials of one month, or of several as history; the battery line begins in March 2026."""
    history, rows = len(months) > 1, []
    for month in months:
        for operator, material, unit, before, now, outlets, invoiced, route in _MATERIALS:
            if material == "废旧动力电池" and month < "2026-03":
                continue
            chance = stream(seed, "material", operator, material, month)
            recovered = round((now if month >= "2026" else before) * (0.78 if month[5:] == "02" else 1) * chance.uniform(0.92, 1.08))
            row: Row = {
                "month": month, "operator_uscc": uscc(operator), "material": material, "unit": unit, "recovered": recovered, "used": round(recovered * chance.uniform(0.88, 0.97)),
                "route": route, "outlets": outlets + (month >= "2026-06"), "reverse_invoiced": round(recovered * invoiced * 0.33, 1) if invoiced else 0,
            }  # fmt: skip
            rows.append(row)
            content.facts.append(Fact(step, "commerce", "MaterialRecovered", row["operator_uscc"], row, sub=f"{month}|{material}"))
    name = "回收利用历史" if history else "回收利用台账"
    period = "" if history else f"（{lists.period_of(months[0])}）"
    return Sheet(name, "回收利用情况", money.material_columns(history=history), numbered(rows), period=period, third=third_line("commerce"), totals="" if history else "below")


# ---- safeguards, publicity, elimination, stocks ------------------------------------------------------------------


def safeguard_sheet(content: Content, seed: int, bureau: str, months: tuple[str, ...], step: str) -> Sheet:
    """Return what a bureau tells of its safeguards, a few parts in a hundred more every month; several months are its history."""
    rows: list[Row] = []
    for month in months:
        for by, safeguard, ordinary, _ in safeguards.SAFEGUARDS:
            if by == bureau:
                grown = (0.97 + 0.015 * (index(month) - index(BEFORE[0]))) * stream(seed, "safeguard", safeguard, month).uniform(0.88, 1.12)
                numbers = {name: max(1, round(value * grown)) if name in ("firms", "items") else round(value * grown, 1) for name, value in ordinary.items()}
                rows.append({"month": month, "safeguard": safeguard} | numbers)
                content.facts.append(Fact(step, bureau, "SafeguardReported", safeguard, {"month": month, "safeguard": safeguard, **numbers}, sub=month))
    history = len(months) > 1
    return Sheet(
        "要素保障历史" if history else "要素保障", "要素保障情况", safeguards.columns(history=history), numbered(rows),
        period="" if history else f"（{lists.period_of(months[0])}）", third=third_line(bureau, "万元"),
    )  # fmt: skip


def publicity_sheet(content: Content, seed: int, bureau: str, month: str) -> Sheet | None:
    """Return what a bureau did for publicity in a month."""
    rows: list[Row] = []
    for number, (activity, channel, reach, _) in enumerate((*supervision.ACTIVITIES.get(bureau, ()), *_MORE.get(bureau, ())), 1):
        row: Row = {"activity": activity, "channel": channel, "reach": round(reach * stream(seed, "publicity", bureau, month, number).uniform(0.7, 1.25))}
        if channel in supervision.ONLINE:
            row["link"] = f"https://www.example.invalid/{bureau}/{month}-{number}.html"
        rows.append(row)
        content.facts.append(Fact(month, bureau, "PublicityReported", activity, {"month": month, "reach": row["reach"]}, sub=month))
    return sheet("宣传引导", "宣传引导情况", supervision.PUBLICITY_COLUMNS, rows, bureau, month)


_MORE = {"emergency": (("安全装备更新和老旧设备隐患提示", "宣传资料", 1800, 0),), "development-reform": (("“两新”政策问答", "政府网站", 2600, 0),)}
#: Bureau, item, equipment, how many, method: one after another over the year.
_ELIMINATED = (
    ("industry", "Y系列三相异步电动机", "循环水泵电机", 6, "更新替换"), ("ecology", "光氧催化治理设备", "喷涂线末端光氧设备", 2, "拆除报废"),
    ("market-regulation", "燃煤锅炉（10蒸吨以下）", "链条炉", 1, "拆除报废"), ("development-reform", "JO2系列电动机", "破碎机电机", 3, "更新替换"),
    ("emergency", "老旧涉爆粉尘除尘设备", "干式除尘器", 2, "改造达标"), ("industry", "S7系列油浸式配电变压器", "厂区变压器", 1, "更新替换"),
    ("industry", "Y系列三相异步电动机", "风机电机", 8, "更新替换"), ("ecology", "UV光解治理设备", "烘干线治理设备", 1, "拆除报废"),
    ("emergency", "非防爆电气设备", "配电柜", 4, "更新替换"), ("development-reform", "SL7系列变压器", "公用变压器", 2, "更新替换"),
    ("market-regulation", "超期未检电梯", "载货电梯", 3, "停用封存"), ("industry", "皮带传动空气锤", "锻造空气锤", 2, "拆除报废"),
)  # fmt: skip


def elimination_sheet(content: Content, seed: int, bureau: str, month: str) -> Sheet | None:
    """Return the equipment that a bureau ordered to be eliminated, with what was done by then; two orders a month, a few come late."""
    rows: list[Row] = []
    for n in range(24):
        by, item, equipment, count, method = _ELIMINATED[n % len(_ELIMINATED)]
        chance = stream(seed, "elimination", n)
        on = day(MONTHS[n // 2], chance.randint(4, 26))
        if by != bureau or of_month(on) > month:
            continue
        until = later(on, chance.choice((90, 120, 180)))
        done = later(until, -chance.randint(3, 50)) if chance.random() < 0.8 else later(until, chance.randint(5, 40))
        name = f"{('一', '二')[n // len(_ELIMINATED)]}号{equipment}"
        row: Row = {
            "item": item, "catalogue": "国家和本市淘汰目录（样例）", "enterprise_name": f"淘汰样例{n + 1:02d}公司", "enterprise_uscc": uscc(810 + n), "town": _TOWNS[n % len(_TOWNS)],
            "equipment": name, "count": count, "basis": "淘汰目录和检查记录（样例）", "on": on, "until": until,
        }  # fmt: skip
        content.facts.append(Fact(month, bureau, "EliminationOrdered", name, {"count": count, "on": on, "until": until}))
        if of_month(done) <= month:
            row |= {"done_on": done, "method": method}
            content.facts.append(Fact(month, bureau, "EliminationVerified", name, {"done_on": done}))
        rows.append(row)
    return sheet("淘汰目录设备", "淘汰目录设备情况", supervision.ELIMINATION_COLUMNS, rows, bureau, month)


_SURVEYS = ("2025-12", "2026-03", "2026-06", "2026-09")


def stock_sheet(content: Content, bureau: str, month: str) -> Sheet | None:
    """Return the survey of a quarter: equipment below the threshold is replaced by better."""
    rows: list[Row] = []
    for _, equipment, stock, levels in stocks.SURVEYED[:6] if bureau == stocks.BUREAU and month in _SURVEYS else ():
        replaced = min(levels[3], stock * _SURVEYS.index(month) // 90)
        advanced, saving, entry, below = levels
        now = dict(zip(stocks.LEVELS, (advanced + replaced, saving + replaced, entry - replaced, below - replaced), strict=True))
        facts = {"equipment": equipment, "domain": "工业", "stock": sum(now.values()), **now}
        rows.append(facts)
        content.facts.append(Fact(month, bureau, "StockSurveyed", f"{equipment}@工业", facts | {"month": month}, sub=f"{month},{equipment},工业"))
    return sheet("用能设备摸底", "用能设备能效摸底", stocks.COLUMNS, rows, bureau, month)
