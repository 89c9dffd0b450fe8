"""What a safeguard (要素保障) is told in: the measures of each, with their units.

Source: the work plan, part three, two to five (财政, 税收, 金融, 要素保障). Only sums of a month are told, never of a single firm.
"""

from collections.abc import Mapping

MEASURES: Mapping[str, Mapping[str, str]] = {
    "反向开票": {"firms": "户", "items": "份", "amount": "元"},
    "专用设备抵免": {"firms": "户", "amount": "元"},
    "贷款贴息": {"firms": "户", "items": "笔", "signed": "元", "paid": "元", "subsidy": "元"},
    "再贷款": {"firms": "户", "items": "笔", "signed": "元", "paid": "元"},
    "简化审批": {"items": "项"},
    "用地保障": {"items": "项", "area": "亩"},
    "政府绿色采购": {"items": "批", "amount": "元"},
}
"""Safeguard → its measures, each a field of SafeguardReported, with the unit it is told in."""

TITLES: Mapping[str, str] = {
    "firms": "户数", "items": "数量", "amount": "金额", "signed": "签约金额", "paid": "投放金额", "subsidy": "贴息金额", "area": "用地面积",
}  # fmt: skip
"""Field that is a measure of some safeguard → what people call it."""

FIELDS: tuple[str, ...] = tuple(TITLES)
