"""What the styles of an OOXML package say of its cells: number formats and type faces that change what a cell says. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from exchange_connectors.excel.number_format import NumberFormat, built_in, parse
from exchange_connectors.excel.workbook import Mark

_WHITE, _BLACK = "FFFFFF", "000000"
_INDEXED = {"0": _BLACK, "1": _WHITE, "8": _BLACK, "9": _WHITE, "64": _BLACK, "65": _WHITE}
_NEARLY_WHITE = 0xF0

Element = tuple[str, Mapping[str, str]]
"""A tag without its namespace, and its attributes."""


@dataclass(slots=True)
class Styles:
    """Style number → what it changes, only of those that change something."""

    formats: dict[str, NumberFormat] = field(default_factory=dict)
    faces: dict[str, Mark] = field(default_factory=dict)


@dataclass(slots=True)
class _Fonts:
    """The fonts and fills of a package, in their order: colours are ``None`` where they are not known."""

    struck: set[str] = field(default_factory=set)
    colours: list[str | None] = field(default_factory=list)
    grounds: list[str | None] = field(default_factory=list)


def styles_of(elements: Iterable[Element]) -> Styles:
    """Return what the styles of a package change."""
    found, fonts, own = Styles(), _Fonts(), dict[int, NumberFormat | None]()
    for number, attributes in enumerate(_cell_styles(elements, fonts, own)):
        font, fill = int(attributes.get("fontId", "0")), int(attributes.get("fillId", "0"))
        if str(font) in fonts.struck:
            found.faces[str(number)] = Mark.STRUCK
        elif font < len(fonts.colours) and fill < len(fonts.grounds) and (colour := fonts.colours[font]) is not None and colour == fonts.grounds[fill]:
            found.faces[str(number)] = Mark.UNSEEN
        id_ = int(attributes.get("numFmtId", "0"))
        shown = own[id_] if id_ in own else built_in(id_)
        if shown is not None:
            found.formats[str(number)] = shown
    return found


def _cell_styles(elements: Iterable[Element], fonts: _Fonts, own: dict[int, NumberFormat | None]) -> Iterator[Mapping[str, str]]:
    """Yield the attributes of each style of cells; fonts, fills and formats come before them and are gathered."""
    part = ""
    for tag, attributes in elements:
        if tag == "numFmt" and part != "dxfs":
            own[int(attributes.get("numFmtId", "0"))] = parse(attributes.get("formatCode", ""))
        elif tag in ("fonts", "fills", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            part = tag
        elif tag == "font" and part == "fonts":
            fonts.colours.append(_BLACK)
        elif tag == "strike" and part == "fonts" and is_on(attributes):
            fonts.struck.add(str(len(fonts.colours) - 1))
        elif tag == "color" and part == "fonts" and fonts.colours:
            fonts.colours[-1] = _colour(attributes)
        elif tag == "fill" and part == "fills":
            fonts.grounds.append(None)
        elif tag == "patternFill" and part == "fills" and fonts.grounds:
            fonts.grounds[-1] = {"none": _WHITE, "solid": _BLACK}.get(attributes.get("patternType", "none"))
        elif tag == "fgColor" and part == "fills" and fonts.grounds and fonts.grounds[-1] is not None:
            fonts.grounds[-1] = _colour(attributes)
        elif tag == "xf" and part == "cellXfs":
            yield attributes


def _colour(attributes: Mapping[str, str]) -> str | None:
    """Return a colour, what is nearly white as white; ``None`` where it is not known."""
    if (rgb := attributes.get("rgb", "")[-6:].upper()) and len(rgb) == len(_WHITE):
        return _WHITE if min(bytes.fromhex(rgb)) >= _NEARLY_WHITE else rgb
    if "indexed" in attributes:
        return _INDEXED.get(attributes["indexed"], f"indexed {attributes['indexed']}")
    theme, tint = attributes.get("theme"), float(attributes.get("tint", 0))
    if theme == "0" and tint >= 0:
        return _WHITE
    if theme == "1" and tint <= 0:
        return _BLACK
    return f"theme {theme} {tint}" if theme is not None else None


def is_on(attributes: Mapping[str, str]) -> bool:
    """Say whether a switch such as ``<strike/>`` is on."""
    return attributes.get("val", "1") not in ("0", "false")


def run_mark(tag: str, attributes: Mapping[str, str]) -> Mark | None:
    """Return what an element of a run's type face says."""
    if tag == "strike" and is_on(attributes):
        return Mark.PARTLY_STRUCK
    return Mark.RAISED if tag == "vertAlign" and attributes.get("val") != "baseline" else None
