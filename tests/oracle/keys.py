"""How each list names its rows: the identifier that the work plan gives a thing, or the claim that speaks of it."""

from collections.abc import Mapping
from typing import Any

#: Step of the ledger → what the register of its events is called.
_FAMILY = {"下达": "allocated", "审核": "approved", "支付": "paid", "冲回": "reversed"}


def row_key(name: str, component: str, sub: tuple[str, ...], fields: Mapping[str, Any]) -> str:
    """Return the key of a row of the list *name*; *sub* tells rows of one component apart."""
    if name in ("equipment-projects", "recycling-projects"):
        return fields["project_code"] or _parts("", component)
    if name == "project-progress":
        return f"{fields['project_key']}@{fields['month']}"
    if name == "enterprises":
        return fields["uscc"] or _parts("", component)
    if name == "funding-policies":
        return _parts(fields["document_no"], fields["level"])
    if name == "documents":
        return _parts(fields["document_no"], fields["department"])
    if name == "scrappage":
        return _parts(fields["category"], fields["identifier"]) if fields["identifier"] else _parts("", component)
    if name == "funds":
        step, voucher = sub
        return _parts(component, f"{_FAMILY[step]}:{voucher}" if voucher else _FAMILY[step])
    if name == "indicators":
        return _parts(component, *sub)
    if name in ("materials", "tasks"):
        return _parts(component, sub[-1])
    return component


def _parts(*parts: str) -> str:
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)
