"""Figures of the sample months worked out by hand from the numbers that the sample declares.

Money is in yuan; the tables of the sample are in 万元 (1 万元 = 10 000 yuan). Nothing here calls the generator or the
product: the arithmetic stands beside each figure. The declared numbers are in ``deploy/districts/wuqing/samples``:
``content_projects.py`` (the table of projects), ``content_trade.py`` (cycles of prices and subsidies, summaries),
``content_funds.py`` (allocations, project money, materials) and ``content_lists.py`` (documents, indicators).
"""

from decimal import Decimal

SEPTEMBER: dict[str, str | None] = {
    # ---- 设备更新 ----
    # 工业, P0–P8 (P9 comes in October): 9 projects
    "equipment.工业.projects": "9",
    # 总投资 2880+6000+5000+8000+12000+960+4000+3000+10000 = 51840 万元
    "equipment.工业.total_investment": "518400000.00",
    # 设备投资 2200+4500+4000+6000+9000+760+3000+2000+8000 = 39460 万元
    "equipment.工业.equipment_investment": "394600000.00",
    # September: 200+150+250+400+100 = 1100 万元 (P5 ended in June, P7 and P8 have not begun)
    "equipment.工业.month": "11000000.00",
    # January–September: 9×200 + 9×150 + 9×250 + 9×400 + 6×60 + 6×100 = 1800+1350+2250+3600+360+600 = 9960 万元
    "equipment.工业.ytd": "99600000.00",
    # the same months of 2025: 9 × (240+100+200+300+50) = 9 × 890 = 8010 万元
    "equipment.工业.ytd_last_year": "80100000.00",
    # (9960 − 8010) ÷ 8010 = 1950 ÷ 8010 = 24.344…%
    "equipment.工业.yoy": "24.34",
    # plan of the year 2400+1800+3000+4800+360+1200+500+1000 = 15060; 9960 ÷ 15060 = 66.135…%
    "equipment.工业.plan_rate": "66.14",
    # 在建: P1 P2 P3 P4 P6; finished: P0 P5
    "equipment.工业.under_construction": "5",
    "equipment.工业.completed": "2",
    # 建筑, H0–H5; H1 is reported by two bureaus and counts once, with the housing bureau's 1200 (not 1260):
    # 2040+1200+2000+3000+500+700 = 9440 万元
    "equipment.建筑.projects": "6",
    "equipment.建筑.total_investment": "94400000.00",
    # 100 (not 105) +100+120+34 = 354 万元
    "equipment.建筑.month": "3540000.00",
    # 5×100 + 9×100 + 9×120 + 9×34 = 500+900+1080+306 = 2786 万元; plan 800+1200+1440+200+340 = 3980; 2786÷3980 = 70%
    "equipment.建筑.ytd": "27860000.00",
    "equipment.建筑.plan_rate": "70.00",
    # 水务: 9×110 + 4×90 (June to September) = 990+360 = 1350 万元; plan 1320+630+300 = 2250; 60%
    "equipment.水务.ytd": "13500000.00",
    "equipment.水务.plan_rate": "60.00",
    # 2025: 9 × (65+60) = 1125; (1350−1125) ÷ 1125 = 20%
    "equipment.水务.yoy": "20.00",
    # all domains: 工业 1100 农业 80 建筑 354 交通 390 水务 200 城市管理 100 医疗 220 教育 120 文旅 95 = 2659 万元
    "equipment.合计.month": "26590000.00",
    # 9960+720+2786+3430+1350+720+2220+1010+555 = 22751 万元
    "equipment.合计.ytd": "227510000.00",
    # 9+5+6+5+4+3+6+5+4 = 47
    "equipment.合计.projects": "47",
    # ---- 回收循环项目: R1–R3: 3000+1200+2000; September 150+60; 9×150 + 9×60 ----
    "recycling_projects.合计.projects": "3",
    "recycling_projects.合计.total_investment": "62000000.00",
    "recycling_projects.合计.month": "2100000.00",
    "recycling_projects.合计.ytd": "18900000.00",
    # ---- 以旧换新 ----
    # 家电: 8 months × 900 + 600 orders (the summary line of 602 for September does not count beside the orders)
    "tradein.家电.applied": "7800",
    # 600 orders = 150 cycles × (2000+3000+4000+5000) = 150 × 14000 = 2 100 000
    "tradein.家电.month_sales": "2100000.00",
    # 150 × (300+450+600+750) = 150 × 2100 = 315 000
    "tradein.家电.month_subsidy": "315000.00",
    # 8 × 300 万 + 210 万 = 2610 万
    "tradein.家电.sales": "26100000.00",
    # 8 × 45 万 + 31.5 万 = 391.5 万
    "tradein.家电.subsidy": "3915000.00",
    # 2025: 9 × 240 = 2160 万; (2610−2160) ÷ 2160 = 20.833…%
    "tradein.家电.yoy": "20.83",
    # 数码: 8 × 27 万 + 75 cycles × (300+450+500+500) = 216 万 + 75 × 1750 = 2 160 000 + 131 250
    "tradein.数码和智能产品.subsidy": "2291250.00",
    # 汽车报废更新: 8 × 1000 万 + 20 cycles × 40 万 = 8800 万
    "tradein.汽车报废更新.sales": "88000000.00",
    # 家装厨卫 had no 2025: from nothing there is no percentage
    "tradein.家装厨卫.yoy": None,
    # approved 480+240+60; paid 360+160+40
    "tradein.合计.approved": "780",
    "tradein.合计.paid_count": "560",
    # ---- 回收循环 ----
    # 废钢铁: 9 × (500+300) = 7200 吨; last year 9 × (400+300) = 6300; 900 ÷ 6300 = 14.285…%; outlets 12+8
    "recovery.废钢铁.recovered": "7200",
    "recovery.废钢铁.yoy": "14.29",
    "recovery.废钢铁.outlets": "20",
    # 9 × (100+60) 万 = 1440 万
    "recovery.废钢铁.reverse_invoiced": "14400000.00",
    # 废旧动力电池 from March: 7 × 20 = 140 吨, no 2025
    "recovery.废旧动力电池.recovered": "140",
    "recovery.废旧动力电池.yoy": None,
    # ---- 资金 ----
    # from above 300+120+80+60 and the district's own 50 = 610 万; handed on 50+280+100+80 = 510 万
    "funds.合计.allocated": "6100000.00",
    "funds.合计.subdivided": "5100000.00",
    # consumer: 家电 90 cycles × 2100 = 189 000; 数码 40 × 1750 = 70 000; 汽车 10 × 48 000 = 480 000 → 739 000
    "funds.超长期特别国债.paid": "739000.00",
    # 739 000 ÷ 3 000 000 = 24.633…%
    "funds.超长期特别国债.pay_rate": "24.63",
    # 739 000 + 中央专项 (20+15+10) 万 + 区级 5 万 = 1 239 000; the 30 万 of 市级 are of last year's budget
    "funds.合计.paid": "1239000.00",
    "funds.合计.earlier_paid": "300000.00",
    # 6 100 000 + carried over 200 000 − recovered 50 000 − 1 239 000
    "funds.合计.balance": "5011000.00",
    # last year's money: 60 万 − 20 万 carried into 2026 − 30 万 paid
    "funds.市级.2025.balance": "100000.00",
    # ZX-2026-04, approved on 10 August, unpaid at the end of September
    "funds.合计.overdue": "1",
    # ---- 文件: 4 + 2 + 3 departments ----
    "documents.合计.total": "9",
    # 工信 住建 商务 教育 文旅
    "documents.合计.issued": "5",
    "documents.合计.exempt": "1",  # 交通
    "documents.合计.covered": "1",  # 财政
    "documents.合计.due": "1",  # 卫健, extended to 20 October
    "documents.合计.overdue": "1",  # 农业: received on 31 August, due on 14 September
    # ---- 目标 ----
    "goals.设备投资额.工业.target": "50000",  # 40000 × 1.25 万元
    "goals.设备投资额.工业.yoy": "20.00",  # (36000 − 30000) ÷ 30000
    "stocks.合计.share": "76.00",  # (650 + 1326) ÷ 2600
    "goals.设备投资额.文旅.baseline": None,
    "goals.设备投资额.合计.baseline": None,  # 文旅 has none, and is not 0
    "goals.设备投资额.合计.known_baseline": "66000",  # 40000 + 4000 + 8000 + 6000 + 3000 + 5000
    "goals.设备投资额.合计.known_path": "78375",  # 66000 × (1 + 0.25 × 3 ÷ 4)
    "goals.设备投资额.合计.known_remaining": "17200",  # 75900 − 58700 of the six with a target
    "goals.环保绩效A级产能占比.gap": "5",  # 35 − 30
    "goals.环保绩效A级产能占比.way": "66.67",  # (30 − 20) ÷ (35 − 20)
    "recovery.合计-吨.outlets": "23",  # 12+8 and 3, the 12 once for two materials
    "tradein.汽车置换更新.approved": None,  # the city settles it
    "goals.环保绩效A级产能占比.yoy": "5",  # 30% − 25%, percentage points
    # ---- 报送: 9+9 industry bureaus, 1+1+1+1+1+1 single lists, 4 scrappage, 1 indicators, 24 tasks, 4 safeguards, 14 publicity, 5 elimination = 76 owed ----
    "submissions.合计.expected": "88",  # bureaus 76, three towns with four lists each 12
    # nil: enterprises of 水务 and 文旅, tasks of 公安 and 机关事务, scrappage of 市场监管
    "submissions.合计.nil": "6",  # 科技谷 has no outlet
    "submissions.合计.silent": "3",  # 应急: tasks, publicity, elimination
    "submissions.合计.confirmed": "79",  # 88 − 6 − 3
    # ---- 宣传引导 and 淘汰目录设备: of 13 machines the six motors are done, the boiler's term is the end of October ----
    "publicity.合计.month_activities": "18",  # 15 of bureaus and one a town
    "publicity.合计.month_reach": "154085",  # 152 910 + 860 + 240 + 75
    "elimination.合计.ordered": "13",  # 6+1+1+2+3
    "elimination.合计.done": "6",
    "elimination.合计.overdue": None,  # none is told, and the emergency bureau is silent
    # ---- 供需对接: one press for 3450 万元 from outside; nobody owes the list ----
    "matches.合计.matched": "1",
    "matches.合计.amount": "34500000.00",
    "matches.合计.local": None,
    # ---- 任务: of the 20 all told; silent is the emergency bureau, which the plan names for 任务1, 要求1 to 要求4 ----
    "tasks.合计.expected": "20",
    "tasks.合计.told": "20",
    "tasks.合计.done": "0",
    "tasks.合计.behind": "0",
    "tasks.合计.silent": "1",
    "problems.合计.overdue": "0",
    # ---- 三个清单和图谱: no month was closed before ----
    "lists.设备更新项目.entries": "47",
    "lists.设备更新项目.new": None,
    "lists.执行中资金政策.entries": "6",  # 津武财〔2025〕3号 is still in force on its last day
    "lists.执行中资金政策.expiring": "1",  # and ends within 60 days
    # ---- 要素保障: nine ordinary months; firms of several months are never added ----
    "safeguards.反向开票.month_firms": "18",
    "safeguards.反向开票.month_amount": "4200000.00",
    "safeguards.反向开票.amount": "37800000.00",  # 9 × 420 万
    "safeguards.用地保障.area": "108",  # 9 × 12 亩
    "safeguards.贷款贴息.subsidy": "1935000.00",  # 9 × 21.5 万
}
"""The report of September as closed at its end (as of 2026-09-30)."""

OCTOBER: dict[str, str | None] = {
    # P9 is new: 51840 + 1500 = 53340 万元
    "equipment.工业.projects": "10",
    "equipment.工业.total_investment": "533400000.00",
    "equipment.工业.month": "11000000.00",
    # 10×200 + 10×150 + 10×250 − 50 (September corrected) + 10×400 + 360 + 7×100 = 2000+1500+2450+4000+360+700 = 11010
    "equipment.工业.ytd": "110100000.00",
    # 10 × 890 = 8900; (11010 − 8900) ÷ 8900 = 23.707…%
    "equipment.工业.yoy": "23.71",
    # plan 15060 + 100 = 15160; 11010 ÷ 15160 = 72.625…%
    "equipment.工业.plan_rate": "72.63",
    # the water bureau is silent: no month, and nine months are not compared with ten
    "equipment.水务.month": None,
    "equipment.水务.ytd": "13500000.00",
    "equipment.水务.yoy": None,
    # H5 is finished: H0 and H5
    "equipment.建筑.completed": "2",
    # 2786 + 354 = 3140; 3140 ÷ 3980 = 78.894…%
    "equipment.建筑.plan_rate": "78.89",
    # E4 was entered twice and is withdrawn: E0–E3
    "equipment.教育.projects": "4",
    # C3 has left the programme (退出): 360+900+700 = 1960 万元
    "equipment.文旅.projects": "3",
    "equipment.文旅.total_investment": "19600000.00",
    # 2659 − 水务 200 = 2459 万元
    "equipment.合计.month": "24590000.00",
    # 22751 − 50 + 2459 = 25160 万元
    "equipment.合计.ytd": "251600000.00",
    # 47 + P9 − E4 − C3
    "equipment.合计.projects": "46",
    # 家电: 7800 + 3 late ones of September + 600
    "tradein.家电.applied": "8403",
    # 3 915 000 + (300+450+600) + 315 000
    "tradein.家电.subsidy": "4231350.00",
    # 2610 万 + 9000 + 210 万 = 28 209 000; 2025: 10 × 240 万; 4 209 000 ÷ 24 000 000 = 17.5375%
    "tradein.家电.sales": "28209000.00",
    "tradein.家电.yoy": "17.54",
    # orders 1 and 2 of September come back: 300 + 450
    "tradein.家电.returned": "2",
    "tradein.家电.subsidy_returned": "750.00",
    # 家电 360 + 4 late + 100 + 200, 数码 160 + 72 + 100, 汽车 40 + 16 + 20
    "tradein.合计.paid_count": "1072",
    # 739 000 + late 2100 + (25×2100 + 18×1750 + 4×48 000) + (50×2100 + 25×1750 + 5×48 000) − 750
    # = 741 100 + 276 000 + 388 750 − 750
    "funds.超长期特别国债.paid": "1405100.00",
    # 中央专项 45 + 25 + 5 = 75 万, 市级 10 万 of this year's budget, 区级 5 万: 1 405 100 + 900 000
    "funds.合计.paid": "2305100.00",
    # 2 305 100 ÷ (8 100 000 + 200 000 carried in − 50 000 recovered) = 27.940…%
    "funds.合计.pay_rate": "27.94",
    # 10 ÷ (80 + 20): what was carried in is there to be paid
    "funds.市级.pay_rate": "10.00",
    # approved in September and still unpaid: 家电 480−464 = 16, 数码 240−232 = 8, 汽车 60−56 = 4
    "funds.合计.overdue": "28",
    # + 2 departments of D4, 2 of D5
    "documents.合计.total": "13",
    # September's 5 + 农业, 卫健, 生态
    "documents.合计.issued": "8",
    "documents.合计.due": "2",  # D5: due on 9 November
    "documents.合计.overdue": "1",  # 市场监管: received on 12 October, due on 26 October
    # 废钢铁 10 × 800
    "recovery.废钢铁.recovered": "8000",
    # R4 is new: 6200 + 900
    "recycling_projects.合计.total_investment": "71000000.00",
    "goals.环保绩效A级产能占比.yoy": "7",  # 32% − 25%
    "goals.环保绩效A级产能占比.to_target": "8",  # 40% − 32%
    # ---- 用能设备: September's survey with October's motors ----
    "stocks.合计.stock": "2610",  # 2600 + 10
    "stocks.合计.share": "76.82",  # (662 + 1343) ÷ 2610
    "stocks.电动机.share": "80.08",  # (312 + 657) ÷ 1210
    # ---- 目标路径: of the six domains with a base, 文旅 left out on both sides ----
    "goals.设备投资额.工业.annual": "48600",  # 39600 + 42000 − 33000
    "goals.设备投资额.合计.known_growth": "20.80",  # 79730 ÷ 66000 − 1
    "goals.设备投资额.合计.known_of_base": "97.92",  # 64630 ÷ 66000
    "goals.设备投资额.合计.known_ytd": "65950",  # 64630 + 文旅 1320
    "goals.设备投资额.合计.known_per_month": "5635",  # (75900 − 64630) ÷ 2
    # silent: 应急, 供电, and 水务 twice, whose projects count unconfirmed; nil: enterprises of 文旅, tasks of 公安 and 机关事务
    "submissions.合计.silent": "6",
    "submissions.合计.unconfirmed": "1",
    "submissions.合计.nil": "4",
    "submissions.合计.confirmed": "77",  # 88 − 6 − 1 − 4
    # ---- 供需对接: the robots for 2380 万元 are a listed maker's: 2380 ÷ (3450 + 2380) ----
    "matches.合计.month_matched": "1",
    "matches.合计.amount": "58300000.00",
    "matches.合计.local_amount": "23800000.00",
    "matches.合计.local_share": "40.82",
    # ---- 任务: 保障3 is the tax bureau's alone and done; 任务2 and 任务3 are behind; silent are 应急, 供电 and 水务 ----
    "tasks.合计.told": "20",
    "publicity.合计.activities": "36",
    "publicity.合计.reach": "325030",  # 154 085 + 169 625 + 920 + 310 + 90
    "elimination.合计.done": "7",
    "elimination.合计.overdue": "1",  # the transformer, due on 15 October
    "tasks.合计.done": "1",
    "tasks.合计.behind": "3",  # two of bureaus, and 保障5 of 梅厂镇
    "tasks.合计.silent": "3",
    "problems.合计.overdue": "1",  # WT-2026-02 was due on 20 October
    # ---- 三个清单和图谱 against September ----
    "lists.设备更新项目.new": "1",  # P9; N2 got its code and is the same project
    "lists.设备更新项目.left": "2",  # E4 withdrawn, C3 退出
    "lists.先进设备企业.new": "1",  # 214
    "lists.先进设备企业.left": "1",  # 203
    "lists.先进设备企业.entries": "13",  # 13 + 1 − 1
    "lists.回收循环利用项目.new": "1",  # R4
    "lists.回收循环利用项目.left": "0",
    "lists.执行中资金政策.entries": "5",  # 6 − 津武财〔2025〕3号
    "lists.执行中资金政策.new": "0",
    "lists.执行中资金政策.left": "1",
    "lists.执行中资金政策.expiring": "1",  # 津农机〔2026〕6号 ends on 20 December, within 60 days of 31 October; the others on the 61st
    # ---- 要素保障: nine ordinary months and October ----
    "safeguards.反向开票.month_firms": "21",
    "safeguards.反向开票.month_items": "265",
    "safeguards.反向开票.amount": "42350000.00",  # 9 × 420 + 455 万
    "safeguards.专用设备抵免.month_amount": "525000.00",
    "safeguards.贷款贴息.paid": "184500000.00",  # 9 × 1800 + 2250 万
    "safeguards.贷款贴息.subsidy": "2183000.00",  # 9 × 21.5 + 24.8 万
    "safeguards.再贷款.signed": "84000000.00",  # 9 × 800 + 1200 万
    "safeguards.简化审批.items": "32",  # 9 × 3 + 5
    "safeguards.用地保障.area": "134.5",  # 9 × 12 + 26.5 亩
    "safeguards.政府绿色采购.amount": "12956000.00",  # 9 × 128 + 143.6 万
}
"""The report of October as closed at its end (as of 2026-10-31)."""

RESTATED_SEPTEMBER: dict[str, str | None] = {
    # P3's September lowered by 50 万元
    "equipment.工业.month": "10500000.00",
    "equipment.工业.ytd": "99100000.00",
    # (9910 − 8010) ÷ 8010 = 23.720…%
    "equipment.工业.yoy": "23.72",
    "equipment.合计.ytd": "227010000.00",
    # three late orders: 2000+3000+4000 and 300+450+600
    "tradein.家电.applied": "7803",
    "tradein.家电.sales": "26109000.00",
    "tradein.家电.subsidy": "3916350.00",
    # four late vouchers: one cycle of 2100
    "tradein.合计.paid_count": "564",
    "funds.合计.paid": "1241100.00",
}
"""September's figures once what came late for it has arrived."""


def number(text: str | None) -> Decimal | None:
    """Read a figure; ``None`` is no value."""
    return None if text is None else Decimal(text)
