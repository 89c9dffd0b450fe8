"""What a proposal for a mapping knows beside the contracts: which event reports to which list by which key, and what clerks call fields."""

from collections.abc import Mapping

from exchange_connectors.excel.mapping import Kind

TARGETS: Mapping[str, tuple[str, str]] = {
    "ProjectAdded": ("equipment-projects", "{project_code|internal_no}"),
    "ProjectProgressReported": ("project-progress", "{project_code|internal_no}"),
    "EnterpriseListed": ("enterprises", "{uscc}"),
    "PolicyListed": ("funding-policies", "{document_no}@{level}"),
    "FundsAllocated": ("funds", "{allocation_no}:{channel}"),
    "SubsidyApproved": ("funds", "{application_no}"),
    "SubsidyPaid": ("funds", "{application_no}"),
    "EquipmentScrapped": ("scrappage", "{category}:{identifier}"),
    "TradeInCompleted": ("trade-in", "{order_no}"),
    "TradeInReturned": ("trade-in", "{order_no}"),
    "MaterialRecovered": ("materials", "{operator_uscc}"),
    "IndicatorReported": ("indicators", "{indicator}@{domain}"),
    "DocumentReceived": ("documents", "{document_no}"),
    "MeasureIssued": ("documents", "{document_no}"),
    "PlanIssued": ("plans", "{title}"),
    "ProblemRaised": ("problems", "{problem_no}"),
    "TaskProgressReported": ("tasks", "{task_no}"),
    "SupportApplied": ("support-sought", "{support_no}"),
    "SafeguardReported": ("safeguards", "{safeguard}"),
    "StockSurveyed": ("energy-stocks", "{equipment}@{domain}"),
}
"""Event → the list that its sheet reports, and the template of its key."""

COMPANIONS: Mapping[str, tuple[str, ...]] = {"ProjectAdded": ("ProjectProgressReported",)}
"""Event → others that the rows of one sheet often give as well."""

KINDS: Mapping[str, Kind] = {"project_code": "project_code", "internal_no": "text"}
"""Fields that serve a key although their event does not carry them → what they hold."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "project_code": ("项目代码", "国家代码", "投资项目代码"),
    "internal_no": ("内部编号", "项目编号", "单位编号", "编号"),
    "name": ("名称", "项目", "企业"),
    "owner_name": ("项目单位", "建设单位", "产权单位", "单位名称", "业主单位"),
    "owner_uscc": ("统一社会信用代码", "信用代码"),
    "uscc": ("信用代码", "企业信用代码"),
    "operator_uscc": ("经营主体信用代码", "企业信用代码", "统一社会信用代码"),
    "merchant_uscc": ("销售企业信用代码", "商户信用代码"),
    "recycler_uscc": ("拆解企业信用代码",),
    "town": ("镇街园区", "所在镇街园区", "镇街", "所属街镇"),
    "total_investment": ("投资额", "投资总额"),
    "equipment_investment": ("设备投资",),
    "funds_arrived": ("到位资金",),
    "funds_paid": ("支付资金",),
    "units_planned": ("更新台套计划", "计划台套", "更新台数", "更新数量", "台套数"),
    "units_done": ("更新台套完成", "完成台套", "已更新台数"),
    "starts_on_planned": ("开工时间计划", "计划开工时间"),
    "starts_on_actual": ("开工时间实际", "实际开工时间"),
    "ends_on_planned": ("竣工时间计划", "计划竣工时间"),
    "ends_on_actual": ("竣工时间实际", "实际竣工时间"),
    "build_state": ("建设状态", "项目状态", "建设进度"),
    "fund_state": ("资金状态",),
    "problems": ("存在问题",),
    "invested_this_month": ("完成投资本月", "本月完成"),
    "invested_year_to_date": ("完成投资自年初", "完成投资自年初累计", "本年累计完成投资"),
    "invested_since_start": ("完成投资自开工累计", "累计完成投资"),
    "text": ("进展", "工作进展", "问题"),
    "task_no": ("任务", "任务序号"),
    "material": ("品类", "再生资源品种"),
    "recovered": ("回收量", "本月回收"),
    "used": ("利用量", "利用处置量"),
    "outlets": ("网点数", "回收网点数"),
    "order_no": ("订单编号", "订单号"),
    "count": ("件数", "数量", "台数"),
    "sale_amount": ("销售额", "销售价格", "成交价"),
    "subsidy": ("补贴金额", "财政补贴", "补贴"),
    "actually_paid": ("实付金额", "消费者实付"),
    "kind": ("品种", "产品品类"),
    "energy_label": ("能效等级",),
    "buyer_token": ("购买人令牌",),
    "old_item": ("交旧情况", "旧物说明"),
    "invoice_no": ("发票号",),
    "identifier": ("车架号", "出厂编号", "设备代码", "登记证号"),
    "certificate_no": ("证明编号", "注销证明编号"),
    "document_no": ("文件文号",),
    "policy_no": ("政策文号",),
    "amount": ("支付金额", "补贴金额"),
    "on": ("办理日期", "支付日期", "日期"),
    "month": ("报送月份",),
    "reverse_invoiced": ("反向开票金额",),
    "safeguard": ("保障措施", "措施"),
    "firms": ("户数", "企业数"),
    "signed": ("签约金额",),
    "area": ("用地面积",),
    "equipment": ("设备种类", "用能设备"),
    "stock": ("在用台数", "在用总数"),
    "advanced": ("先进水平", "能效水平先进"),
    "saving": ("节能水平", "能效水平节能"),
    "entry": ("准入水平", "能效水平准入"),
    "below": ("未达准入", "未达准入水平", "能效水平未达准入"),
}
"""Field → what clerks call it besides its name in the contract."""
