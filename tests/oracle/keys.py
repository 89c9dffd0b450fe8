"""How each list names its rows: the identifier that the work plan gives a thing, or the claim that speaks of it."""

from collections.abc import Mapping
from typing import Any


def row_key(name: str, component: str, sub: tuple[str, ...], fields: Mapping[str, Any]) -> str:
    """Return the key of a row of the list *name*; *sub* is what names a row of a list without an identifier of its own."""
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
    if name == "outlets" and not sub:
        return _parts("", component)
    if name == "scrappage" and not sub:
        return _parts(fields["category"], fields["identifier"]) if fields["identifier"] else _parts("", component)
    return component if name in ("submissions", "support-sought", "returns", "equipment-lines") else _parts(*sub)


def _parts(*parts: str) -> str:
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)
