"""The list views as data: which columns each has, in which unit, under which Chinese heading.

One table describes a list for everyone: the migration that makes its table, the fold that fills it, the reader,
the console, the annex workbook and the figures. Source: the district's work plan, part four, stage one (three
lists and one system of goals) and stage two (funding-policy list).
"""

from dataclasses import dataclass
from typing import Literal, NewType

ListName = NewType("ListName", str)
ColumnType = Literal["text", "money", "count", "quantity", "date", "month", "texts", "flag", "money_map"]


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column of a list view.

    Attributes:
        name: column name in the table and in JSON.
        title: heading that people read.
        type: ``money`` is a whole number of fen; ``count`` a whole number; ``quantity`` a decimal with four places;
            ``month`` is ``YYYY-MM``; ``texts`` a list; ``money_map`` maps a code to fen.
        unit: unit shown with the heading, empty where none applies.
    """

    name: str
    title: str
    type: ColumnType = "text"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ListView:
    """A list view: its name, heading, table and columns (beside row_key, component and bureaus).

    Where *single*, a component has one row at most and its key is the component's name.
    """

    name: ListName
    title: str
    table: str
    columns: tuple[Column, ...]
    single: bool = False

    def column(self, name: str) -> Column:
        """Return the column called *name*; raise ``KeyError`` where the list has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"list {self.name} has no column {name}")


def _columns(text: str) -> tuple[Column, ...]:
    """Read ``name title type unit`` lines, the compact form the table below is written in."""
    result = []
    for line in text.strip().splitlines():
        name, title, type_, *unit = line.split()
        result.append(Column(name, title, type_, unit[0] if unit else ""))  # type: ignore[arg-type]  # a wrong type has no SQL type and fails at once
    return tuple(result)


_PROJECT = """
    project_code 项目代码 text
    internal_no 内部编号 text
    name 项目名称 text
    domain 领域 text
    construction_nature 建设性质 text
    lead_bureau 填报单位 text
    owner_uscc 统一社会信用代码 text
    owner_name 项目单位 text
    town 镇街园区 text
    total_investment 总投资 money 元
    equipment_investment 设备投资 money 元
    equipment_purchase 设备购置费 money 元
    planned_by_year 分年计划投资 money_map 元
    funding 资金来源 money_map 元
    funds_arrived 到位资金 money 元
    funds_paid 支付资金 money 元
    units_planned 计划更新台套 count 台套
    units_done 完成更新台套 count 台套
    energy_saving 年节能量 quantity 吨标准煤
    approval_no 批复文号 text
    starts_on_planned 计划开工 date
    starts_on_actual 实际开工 date
    ends_on_planned 计划竣工 date
    ends_on_actual 实际竣工 date
    build_state 建设状态 text
    fund_state 资金状态 text
    admin_state 管理状态 text
    waste_category 废弃物类别 text
    capacity 处理能力 quantity 吨/年
    latest_month 最新进度月 month
    invested_since_start 自开工累计 money 元
    invested_year_to_date 自年初累计 money 元
    problems 存在问题 text
"""

LISTS: tuple[ListView, ...] = (
    ListView(ListName("equipment-projects"), "设备更新项目清单", "equipment_project", _columns(_PROJECT)),
    ListView(ListName("recycling-projects"), "回收循环利用项目清单", "recycling_project", _columns(_PROJECT)),
    ListView(
        ListName("project-progress"), "项目月度进度", "project_progress",
        _columns("""
            project_key 项目 text
            list 清单 text
            domain 领域 text
            month 月份 month
            invested_this_month 本月完成投资 money 元
            invested_year_to_date 自年初累计 money 元
            invested_since_start 自开工累计 money 元
            units_done 完成更新台套 count 台套
            build_state 建设状态 text
            lead_bureau 填报单位 text
            text 进展 text
        """),
    ),
    ListView(
        ListName("enterprises"), "先进设备企业清单", "enterprise",
        _columns("""
            uscc 统一社会信用代码 text
            name 企业名称 text
            role 类型 text
            domain 领域 text
            main_products 主要产品 texts
            capacity 产能 text
            output 产值 money 元
            qualifications 资质 texts
            serves_domains 服务领域 texts
            lead_bureau 填报单位 text
        """),
    ),
    ListView(
        ListName("funding-policies"), "资金政策清单", "funding_policy",
        _columns("""
            document_no 文号 text
            name 政策名称 text
            issuer 发文单位 text
            level 层级 text
            domains 适用领域 texts
            object 支持对象 text
            conditions 条件 text
            support_kind 支持方式 text
            standard 标准 text
            cap 上限 money 元
            channel 资金渠道 text
            applicant 申报主体 text
            materials 申报材料 text
            procedure 申报程序 text
            window 申报时间 text
            valid_from 生效日期 date
            valid_to 失效日期 date
            expired_on 废止日期 date
            department 责任单位 text
            obtained 已争取资金 money 元
        """),
    ),
    ListView(
        ListName("funds"), "资金台账", "fund",
        _columns("""
            step 环节 text
            channel 资金渠道 text
            allocation_no 下达文号 text
            policy_no 政策文号 text
            batch_no 批次 text
            application_no 申请编号 text
            voucher_no 凭证号 text
            budget_year 预算年度 count
            level 层级 text
            to_bureau 承接单位 text
            amount 金额 money 元
            carried_over 结转 money 元
            recovered 收回 money 元
            share_central 中央 money 元
            share_city 市级 money 元
            share_district 区级 money 元
            category 品类 text
            on_date 日期 date
            reason 原因 text
            lead_bureau 填报单位 text
            granularity 粒度 text
        """),
    ),
    ListView(
        ListName("scrappage"), "报废淘汰台账", "scrappage",
        _columns("""
            category 类别 text
            identifier_kind 识别号类型 text
            identifier 识别号 text
            certificate_kind 证明类型 text
            certificate_no 证明编号 text
            owner_uscc 单位信用代码 text
            recycler_uscc 回收企业 text
            emission_standard 排放标准 text
            fuel 燃料 text
            commissioned_on 启用日期 date
            step 最新环节 text
            applied_on 申请日期 date
            delivered_on 交售回收日期 date
            dismantled_on 拆解销毁日期 date
            deregistered_on 注销登记日期 date
            town 镇街园区 text
            lead_bureau 填报单位 text
        """),
    ),
    ListView(
        ListName("trade-in"), "以旧换新台账", "trade_in",
        _columns("""
            order_no 订单号 text
            category 大类 text
            kind 品类 text
            energy_label 能效等级 text
            month 月份 month
            completed_on 完成日期 date
            returned_on 退货日期 date
            count 件数 count 件
            returned_count 退回件数 count 件
            sale_amount 销售额 money 元
            subsidy 补贴金额 money 元
            subsidy_returned 退回补贴 money 元
            actually_paid 实付 money 元
            merchant_uscc 商家 text
            serial_no 序列号 text
            invoice_no 发票号 text
            granularity 粒度 text
            lead_bureau 填报单位 text
        """),
        single=True,
    ),
    ListView(
        ListName("materials"), "回收利用台账", "material",
        _columns("""
            month 月份 month
            operator_uscc 经营主体 text
            material 品类 text
            quantity 数量 quantity
            unit 单位 text
            recovered 回收量 quantity
            used 利用处置量 quantity
            route 利用途径 text
            outlets 网点数 count 个
            reverse_invoiced 反向开票额 money 元
            lead_bureau 填报单位 text
        """),
    ),
    ListView(
        ListName("indicators"), "目标体系", "indicator",
        _columns("""
            indicator 指标 text
            domain 领域 text
            kind 类别 text
            series 口径 text
            period 期间 text
            value 数值 quantity
            numerator 分子 quantity
            denominator 分母 quantity
            unit 单位 text
            version 版本 text
            lead_bureau 责任单位 text
        """),
    ),
    ListView(
        ListName("documents"), "文件与落实措施", "document",
        _columns("""
            document_no 文号 text
            title 文件名称 text
            issuer 发文单位 text
            level 层级 text
            issued_on 成文日期 date
            received_on 收文日期 date
            department 责任单位 text
            part 分工 text
            due_on 到期日 date
            extended_until 延期至 date
            form 措施形式 text
            measure_no 措施文号 text
            measure_on 出台日期 date
            exempt_reason 免于出台理由 text
        """),
    ),
    ListView(
        ListName("plans"), "应出台方案", "plan",
        _columns("""
            plan_kind 方案类别 text
            title 方案名称 text
            document_no 文号 text
            issued_on 印发日期 date
            lead_bureau 责任单位 text
        """),
        single=True,
    ),
    ListView(
        ListName("problems"), "协调事项", "problem",
        _columns("""
            problem_no 编号 text
            text 事项 text
            done_so_far 已做工作 text
            proposal 建议 text
            asks_of 涉及单位 texts
            raised_on 提出日期 date
            resolved_on 办结日期 date
            resolution 办理结果 text
            lead_bureau 提出单位 text
        """),
        single=True,
    ),
    ListView(
        ListName("tasks"), "任务进展", "task_progress",
        _columns("""
            task_no 任务 text
            month 月份 month
            text 进展 text
            lead_bureau 填报单位 text
        """),
    ),
    ListView(
        ListName("submissions"), "报送情况", "submission",
        _columns("""
            bureau 单位 text
            list 清单 text
            month 月份 month
            state 状态 text
            rows 行数 count 行
            confirmed_on 确认日期 date
            signed_by 签发角色 text
        """),
        single=True,
    ),
)

BY_NAME: dict[str, ListView] = {view.name: view for view in LISTS}
