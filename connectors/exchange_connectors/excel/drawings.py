"""Charts, pictures and shapes of the clerk's workbook, carried into its slip byte for byte.

Openpyxl, which writes the slip, draws the charts that it understands anew and drops the rest. So it is given none: once the
slip is written, the drawings of each sheet are taken over from the workbook itself, with every part that they lead to.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CONTENT = "[Content_Types].xml"
_ID = "rIdOfTheClerk"
_BEHIND = (b"<legacyDrawing", b"<picture", b"<oleObjects", b"<controls", b"<webPublishItems", b"<tableParts", b"<extLst", b"</worksheet>")
"""What may follow a worksheet's drawing (ECMA-376, 18.3.1.99)."""

PROBLEMS = (zipfile.BadZipFile, ET.ParseError, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError)
"""What a package that is not quite one raises."""


def keep(original: bytes, slip: Path) -> None:
    """Give the sheets of a slip the drawings that they have in the original; a sheet without one stays as it is.

    Args:
        original: the workbook.
        slip: the slip, without drawings; replaced where there is something to keep.

    Raises:
        OSError: the slip cannot be written.
        One of ``PROBLEMS``: the original is no sound package; the slip is as it was.
    """
    with zipfile.ZipFile(io.BytesIO(original)) as source, zipfile.ZipFile(slip) as made:
        sheets, own = _sheets(source), _sheets(made)
        drawn = {own[name]: drawing for name, part in sheets.items() if name in own for drawing in _drawings(source, part)}
        if not drawn:
            return
        parts = {name: made.read(name) for name in made.namelist()}
        moved: dict[str, str] = {}
        for sheet, drawing in drawn.items():
            at = min(place for mark in _BEHIND if (place := parts[sheet].rfind(mark)) >= 0)
            link = f'<drawing xmlns:r="{_DOCUMENT}" r:id="{_ID}"/>'.encode()
            parts[sheet] = parts[sheet][:at] + link + parts[sheet][at:]
            relations = _relations_part(sheet)
            root = ET.fromstring(parts.get(relations, f'<Relationships xmlns="{_RELATIONS}"/>'.encode()))  # noqa: S314 - written by openpyxl
            ET.SubElement(root, f"{{{_RELATIONS}}}Relationship", Id=_ID, Type=f"{_DOCUMENT}/drawing", Target=f"/{_new(drawing)}")
            parts[relations] = _written(root)
            _take(source, drawing, parts, moved)
        parts[_CONTENT] = _with_types(source, parts[_CONTENT], moved)
    draft = slip.with_name(f"{slip.name}~")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as target:
        for name, body in parts.items():
            target.writestr(name, body)
    draft.replace(slip)


def _new(part: str) -> str:
    """Return where a part of the original lies in the slip."""
    return part if part.startswith("xl/clerk/") else f"xl/clerk/{part.removeprefix('xl/')}"


def _take(source: zipfile.ZipFile, first: str, parts: dict[str, bytes], moved: dict[str, str]) -> None:
    """Take a part and all that it leads to."""
    waiting = [first]
    while waiting:
        part = waiting.pop()
        if part in moved:
            continue
        moved[part] = _new(part)
        parts[moved[part]] = source.read(part)
        root = _root(source, _relations_part(part))
        if root is None:
            continue
        for relation in root:
            target = relation.get("Target", "")
            if relation.get("TargetMode") == "External" or target.startswith("#"):
                continue
            led = _led(part, target)
            waiting.append(led)
            relation.set("Target", f"/{_new(led)}")
        parts[_relations_part(moved[part])] = _written(root)


def _with_types(source: zipfile.ZipFile, content: bytes, moved: dict[str, str]) -> bytes:
    """Return the slip's content types with those of the parts that were taken."""
    theirs = _root(source, _CONTENT)
    said = {} if theirs is None else {each.get("PartName", each.get("Extension", "")).lower(): each.get("ContentType", "") for each in theirs}
    root = ET.fromstring(content)  # noqa: S314 - written by openpyxl
    for part, place in moved.items():
        kind = said.get(f"/{part}".lower()) or said.get(part.rpartition(".")[2].lower(), "application/octet-stream")
        ET.SubElement(root, f"{{{_TYPES}}}Override", PartName=f"/{place}", ContentType=kind)
    return _written(root)


def _written(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _sheets(package: zipfile.ZipFile) -> dict[str, str]:
    """Return name → part of each worksheet."""
    book = next((target for kind, _, target in _relations(package, "") if kind == "officeDocument"), "xl/workbook.xml")
    targets = {id_: target for kind, id_, target in _relations(package, book) if kind == "worksheet"}
    root = _root(package, book)
    found = {} if root is None else {
        each.get("name", ""): next((targets[value] for key, value in each.attrib.items() if key.endswith("}id") and value in targets), "")
        for each in root.iter() if each.tag.endswith("}sheet")
    }  # fmt: skip
    return {name: part for name, part in found.items() if part}


def _drawings(package: zipfile.ZipFile, sheet: str) -> list[str]:
    """Return a sheet's drawing, none where it has none."""
    return [target for kind, _, target in _relations(package, sheet) if kind == "drawing"][:1]


def _relations(package: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """Yield last word of the type, id and target of a part's relations inside the package."""
    root = _root(package, _relations_part(part))
    for each in () if root is None else root:
        if each.get("TargetMode") != "External":
            yield each.get("Type", "").rpartition("/")[2], each.get("Id", ""), _led(part, each.get("Target", ""))


def _relations_part(part: str) -> str:
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels".lstrip("/")


def _led(part: str, target: str) -> str:
    """Return the part that a relation of *part* leads to."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def _root(package: zipfile.ZipFile, part: str) -> ET.Element | None:
    """Return a small part's root, ``None`` where there is no such part."""
    try:
        body = package.read(part)
    except KeyError:
        return None
    if b"<!DOCTYPE" in body:
        raise ValueError(f"{part} declares a type of document")  # entities of entities unpack without end
    return ET.fromstring(body)  # noqa: S314 - declares no entities, as asked above
