"""Word markup in strings: styles, paragraphs, tables and pictures in the form that GB/T 9704 asks for.

The Word library leaves East Asian fonts, grids and repeated heading rows to its user; they are written here in one
place. All lengths are in twips (1/20 point) unless a name says mm or pt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from exchange_hub.reports.render.style import (
    BODY_FONT,
    HEADING_FONT,
    LATIN_FONT,
    MASTHEAD_RED,
    SONG_FONT,
    SUBHEADING_FONT,
    TITLE_FONT,
    printable,
)

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TWIPS_PER_MM = 1440 / 25.4
EMU_PER_MM = 36_000
SHADE_HEAD, SHADE_TOTAL = "E7E6E6", "F2F2F2"
CELL_MARGIN = 55
# A code point that is no character and so never part of a text.
LINE_BREAK = "\ufdd0"

# What a machine without the named font should take instead (Word reads it as the font's other names).
SUBSTITUTES = {
    TITLE_FONT: ("方正小标宋_GBK,FZXiaoBiaoSong-B05S,华文中宋,宋体", "roman"),
    BODY_FONT: ("仿宋,FangSong,FangSong_GB2312,华文仿宋", "modern"),
    HEADING_FONT: ("SimHei,黑体_GB2312,Noto Sans CJK SC", "modern"),
    SUBHEADING_FONT: ("楷体,KaiTi,KaiTi_GB2312,华文楷体", "modern"),
    SONG_FONT: ("SimSun,Noto Serif CJK SC", "roman"),
}


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style: id and name, font, size in half-points, exact line height in twips, further properties."""

    id: str
    name: str
    font: str
    half_points: int
    line: int
    paragraph: str = ""
    run: str = ""
    latin: str = LATIN_FONT


# Sizes: 2 号 = 22 pt, 3 号 = 16 pt, 4 号 = 14 pt. The text area of 225 × 156 mm holds 22 lines of 580 twips, and 28
# characters of 16 pt less a quarter point. The page's grid says the same (580, −848), but programs read its negative
# character space differently (some spread the text to half as many characters), so the text carries both itself.
BODY_LINE = 580
_TWO_CHARACTERS = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_TIGHT = '<w:spacing w:val="-5"/>'
STYLES = (
    Style("Normal", "Normal", BODY_FONT, 32, BODY_LINE),
    Style("BodyText", "Body Text", BODY_FONT, 32, BODY_LINE, f'{_TWO_CHARACTERS}<w:jc w:val="both"/>', _TIGHT),
    Style("Title", "Title", TITLE_FONT, 44, 700, '<w:jc w:val="center"/>', f'<w:color w:val="{MASTHEAD_RED}"/>'),
    Style("Issue", "Subtitle", SUBHEADING_FONT, 32, 500, '<w:jc w:val="center"/>'),
    Style("Masthead", "masthead", BODY_FONT, 28, 460),
    Style("Heading1", "heading 1", HEADING_FONT, 32, BODY_LINE, f'{_TWO_CHARACTERS}<w:outlineLvl w:val="0"/>'),
    Style("Heading2", "heading 2", SUBHEADING_FONT, 32, BODY_LINE, f'{_TWO_CHARACTERS}<w:outlineLvl w:val="1"/>'),
    Style("Caption", "caption", HEADING_FONT, 21, 340, '<w:jc w:val="center"/>'),
    Style("TableText", "table text", SONG_FONT, 17, 220),
    Style("TableHead", "table head", HEADING_FONT, 17, 220, '<w:jc w:val="center"/>'),
    Style("Note", "note", SUBHEADING_FONT, 20, 300),
    Style("Picture", "picture", BODY_FONT, 20, 240, '<w:jc w:val="center"/>'),
    Style("Break", "break", BODY_FONT, 2, 20),
    Style("Footer", "footer", SONG_FONT, 28, 320, latin=SONG_FONT),
)
# Without these, programs put a quarter of a character between each number and its Chinese neighbours.
_TOGETHER = '<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>'
_KEPT = {"Heading1", "Heading2", "Caption"}


def _fonts(font: str, latin: str = LATIN_FONT) -> str:
    """Name the fonts of a run; without ``eastAsia`` Word falls back to its default for every Chinese character."""
    return (
        f"<w:rFonts w:ascii={quoteattr(latin)} w:hAnsi={quoteattr(latin)} w:cs={quoteattr(latin)} "
        f'w:eastAsia={quoteattr(font)} w:hint="eastAsia"/>'
    )


def styles_xml() -> bytes:
    """Return the document's style sheet: only the styles it uses."""
    defaults = (
        f"{DECLARATION}<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>{_fonts(BODY_FONT)}"
        '<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
    )
    parts = [defaults]
    for style in STYLES:
        normal = style.id == "Normal"
        based, default = ("", 'w:default="1" ') if normal else ('<w:basedOn w:val="Normal"/>', "")
        kept = "<w:keepNext/>" if style.id in _KEPT else ""
        snap = "" if normal else '<w:snapToGrid w:val="0"/>'
        rule = "atLeast" if style.id == "Picture" else "exact"
        parts.append(
            f'<w:style w:type="paragraph" {default}w:styleId="{style.id}">'
            f'<w:name w:val="{style.name}"/>{based}<w:qFormat/><w:pPr>{kept}<w:widowControl w:val="0"/>{_TOGETHER}{snap}'
            f'<w:spacing w:before="0" w:after="0" w:line="{style.line}" w:lineRule="{rule}"/>{style.paragraph}</w:pPr>'
            f"<w:rPr>{_fonts(style.font, style.latin)}{style.run}"
            f'<w:sz w:val="{style.half_points}"/><w:szCs w:val="{style.half_points}"/></w:rPr></w:style>'
        )
    return ("".join(parts) + "</w:styles>").encode()


def font_table_xml() -> bytes:
    """Return the font table with the names under which a machine may have the same kind of face."""
    fonts = "".join(
        f"<w:font w:name={quoteattr(name)}><w:altName w:val={quoteattr(others)}/>"
        f'<w:charset w:val="86"/><w:family w:val="{family}"/><w:pitch w:val="auto"/></w:font>'
        for name, (others, family) in SUBSTITUTES.items()
    )
    return f"{DECLARATION}<w:fonts {NAMESPACES}>{fonts}</w:fonts>".encode()


def run(text: str, font: str | None = None, half_points: int | None = None) -> str:
    """Return a run of text, in another font or size than its style's where named; `LINE_BREAK` breaks its line."""
    properties = (_fonts(font) if font else '<w:rFonts w:hint="eastAsia"/>') + (
        f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>' if half_points else ""
    )
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(printable(line))}</w:t>' for line in text.split(LINE_BREAK)
    )
    return f"<w:r><w:rPr>{properties}</w:rPr>{lines}</w:r>"


def paragraph(style: str, content: str, properties: str = "") -> str:
    """Return a paragraph of runs; *properties* follow the order of the schema (after the style)."""
    return f'<w:p {NAMESPACES}><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{content}</w:p>'


def twips(mm: float) -> int:
    """Return whole twips for a length in mm."""
    return round(mm * TWIPS_PER_MM)


@dataclass(frozen=True, slots=True)
class Air:
    """What a table leaves free, in twips: in each *line* beside its text, and *around* the lines of a cell."""

    line: int
    around: int


LOOSE, TIGHT = Air(50, 20), Air(40, 10)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it is printed: headings, texts, which columns are numbers, widths in mm, text size in half-points.

    Attributes:
        emphasised: numbers of the rows of totals.
        centred: numbers of the columns of short marks.
        noted: a note follows that belongs under the last row.
        air: what its rows leave free.
    """

    headings: list[str]
    rows: list[list[str]]
    numeric: Sequence[bool]
    widths_mm: Sequence[float]
    half_points: int = 17
    emphasised: frozenset[int] = frozenset()
    centred: frozenset[int] = frozenset()
    noted: bool = False
    air: Air = LOOSE


def table(grid: Grid) -> str:
    """Return a table: its heading row repeats on each page, rows do not break, numbers stand right."""
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="404040"/>'
        for side, size in (("top", 8), ("left", 4), ("bottom", 8), ("right", 4), ("insideH", 4), ("insideV", 4))
    )
    widths = [twips(width) for width in grid.widths_mm]
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = "".join(
        _cell(title, width, "TableHead", SHADE_HEAD, size=grid.half_points, kept=True, air=grid.air)
        for title, width in zip(grid.headings, widths, strict=True)
    )
    rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    for number, texts in enumerate(grid.rows):
        strong = number in grid.emphasised
        # No row of a table stands alone at the foot or the head of a page.
        last = len(grid.rows) - 1
        kept = number in {0, last - 1} - {last} or (number == last and grid.noted)
        cells = "".join(
            _cell(
                text, width, "TableHead" if strong else "TableText", SHADE_TOTAL if strong else "",
                size=grid.half_points, kept=kept, alignment=_alignment(grid, column), air=grid.air,
            )
            for column, (text, width) in enumerate(zip(texts, widths, strict=True))
        )
        rows.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
    return (
        f'<w:tbl {NAMESPACES}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>'
        f'<w:left w:w="{CELL_MARGIN}" w:type="dxa"/><w:right w:w="{CELL_MARGIN}" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _alignment(grid: Grid, column: int) -> str:
    """Return right for numbers, centre for short marks, left for texts."""
    if grid.numeric[column]:
        return "right"
    return "center" if column in grid.centred else "left"


def _cell(text: str, width: int, style: str, shade: str, *, size: int, kept: bool, alignment: str = "center", air: Air = LOOSE) -> str:
    """Return a cell with one paragraph, centred between its lines; *kept* ones stay with the next row."""
    shading = f'<w:shd w:val="clear" w:color="auto" w:fill="{shade}"/>' if shade else ""
    keep = "<w:keepNext/>" if kept else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shading}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{keep}<w:spacing w:before="{air.around}" w:after="{air.around}" w:line="{size * 10 + air.line}" w:lineRule="exact"/>'
        f'<w:jc w:val="{alignment}"/></w:pPr>{run(text, None, size)}</w:p></w:tc>'
    )


def picture(relation: str, number: int, description: str, width_mm: float, height_mm: float) -> str:
    """Return a run with an inline picture; *description* is read to those who cannot see it."""
    cx, cy = round(width_mm * EMU_PER_MM), round(height_mm * EMU_PER_MM)
    name = quoteattr(f"图{number}")
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
        f'<wp:docPr id="{number}" name={name} descr={quoteattr(printable(description))}/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{number}" name={name}/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def page_number() -> str:
    """Return the runs of a page number in the form ``— 1 —``."""
    field = "".join(
        f"<w:r><w:rPr>{_fonts(SONG_FONT, SONG_FONT)}</w:rPr>{part}</w:r>"
        for part in (
            '<w:fldChar w:fldCharType="begin"/>', '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>', "<w:t>1</w:t>", '<w:fldChar w:fldCharType="end"/>',
        )
    )
    return run("— ") + field + run(" —")
