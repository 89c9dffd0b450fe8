"""The rows of the safeguards, from what is said of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.oracle.rules import Rules, Saying

_UNITS = {"反向开票": "份", "贷款贴息": "笔", "再贷款": "笔", "简化审批": "项", "用地保障": "项", "政府绿色采购": "批"}


def rows(told: Sequence[Saying], rules: Rules) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Give a row per safeguard and month, taken whole from the bureau that comes first for the safeguard."""
    together: dict[tuple[str, str], list[Saying]] = defaultdict(list)
    for key, facts in told:
        together[facts["safeguard"], facts["month"]].append((key, facts))
    for (safeguard, month), said in together.items():
        key, facts = rules.first(said, "safeguards", safeguard, None)[0]
        numbers = {name: facts[name] for name in ("firms", "items", "amount", "signed", "paid", "subsidy", "area")}
        row = {"safeguard": safeguard, "month": month, "unit": _UNITS.get(safeguard), "lead_bureau": key[1], **numbers}
        yield "safeguards", (safeguard, month), row | {"told by": {key[1] for key, _ in said}}
