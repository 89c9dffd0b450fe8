"""The monthly 专报 as a Word document in the form of GB/T 9704-2012.

A4, margins 37/35/28/26 mm, 22 lines of 28 characters, title in 2 号小标宋, text in 3 号仿宋, headings in 黑体 and 楷体, page
numbers ``— 1 —`` outside. The annexes follow in landscape.

The faces are named in the document and not embedded: they belong to their makers. Where a machine lacks one, Word
takes the next of the names given with it in the font table (仿宋_GB2312 → 仿宋, 楷体_GB2312 → 楷体, 方正小标宋简体 → 华文中宋 or
宋体); where it has none of them it takes its own default Chinese face. LibreOffice ignores those names and takes
the system's default CJK face. In each case line heights and column widths are fixed in the document, so that pages
break nearly alike; only the look of the characters differs. Print on a machine that has the faces.

The same report gives the same bytes: document times are the time of the close, nothing is random, and the package
is written in a fixed order.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.oxml import parse_xml
from docx.shared import Mm, Twips

from exchange_hub.programme.sentences import day as day_in_words
from exchange_hub.reports.model import Chart, Report, Section, Table
from exchange_hub.reports.render.annex_values import Words
from exchange_hub.reports.render.charts import render_charts
from exchange_hub.reports.render.docx_annex import annexes
from exchange_hub.reports.render.docx_body import (
    NUMBERED,
    TEXT_WIDTH_MM,
    body_grid,
    caption,
    chart_rows,
    fitting_density,
    says_left_out,
)
from exchange_hub.reports.render.docx_markup import (
    BODY_LINE,
    DECLARATION,
    NAMESPACES,
    font_table_xml,
    page_number,
    paragraph,
    picture,
    run,
    styles_xml,
    table,
    twips,
)
from exchange_hub.reports.render.package import rewritten
from exchange_hub.reports.render.style import (
    MASTHEAD_RED,
    SHANGHAI,
    SUBHEADING_FONT,
    cell_text,
    closed_at,
    issuer,
    numeral,
)

BODY_CHARACTERS_MAX = 2500
BOTTOM_TWIPS = 16838 - 2098 - 22 * BODY_LINE
UNWANTED_RELATIONS = ("thumbnail", "customXml", "stylesWithEffects", "webSettings", "numbering")
APP_XML = (
    f'{DECLARATION}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Application>exchange-hub</Application></Properties>"
).encode()

# A page of charts: two by two on a landscape page, in a size that has room for an axis.
PLATE_WIDTH_MM, PLATE_MM = 110.0, 68.0
PLATES_MM = 2 * PLATE_MM + 14.0

_SECOND_LEVEL = re.compile(r"^(（[一二三四五六七八九十]+）[^。]*。)(.*)$", re.DOTALL)


def render_docx(report: Report, bureau_names: Mapping[str, str] | None = None, issued_on: date | None = None) -> bytes:
    """Render the report.

    Args:
        report: the report as a value.
        bureau_names: code → name of the district's bureaus, for annex rows that hold codes.
        issued_on: the day of issue; ``None`` takes the day of the close.

    Raises:
        MissingGlyphError: where a chart holds a character that its font lacks.
    """
    document = Document()
    _drop_template_parts(document)
    body = document.element.body
    for element in list(body)[:-1]:
        body.remove(element)
    _portrait(document.sections[0])
    _footers(document)
    last = body[-1]
    drawn = _Body(document, report, issued_on)
    for markup in drawn.markup():
        last.addprevious(parse_xml(markup))
    _landscape(document)
    plates = list(drawn.plates())
    for markup in (*plates, *annexes(report.annexes, Words.of(report.catalogue, bureau_names), beside_mm=PLATES_MM if plates else 0)):
        body[-1].addprevious(parse_xml(markup))
    _properties(document, report)
    raw = BytesIO()
    document.save(raw)
    return rewritten(
        raw.getvalue(),
        {"word/styles.xml": styles_xml(), "word/fontTable.xml": font_table_xml(), "docProps/app.xml": APP_XML},
    )


def body_characters(report: Report) -> int:
    """Count the characters of the body as Word does: texts and tables, without blanks and annexes."""
    texts = [report.title, *report.summary, *report.notes]
    for section in report.sections:
        texts += [section.title, *section.paragraphs]
        for item in section.tables:
            texts += [item.title, *(item.columns[index] for index in item.body_columns)]
            shown = item.rows[: item.printed or None]
            texts += [cell_text(item, row, index) for row in shown for index in item.body_columns]
    # Word counts a Latin word or a number as one.
    return sum(len(re.findall(r"[0-9A-Za-z.%,\-]+|\S", text)) for text in texts)


class _Body:
    """The portrait part; it numbers headings, tables and pictures as it goes."""

    def __init__(self, document: Any, report: Report, issued_on: date | None = None) -> None:
        self.document, self.report = document, report
        self.issued_on = issued_on or closed_at(report).astimezone(SHANGHAI).date()
        self.density = fitting_density(report)
        self.tables = self.pictures = 0
        self.drawn = self._draw()

    def _draw(self) -> dict[str, tuple[bytes, float]]:
        """Draw all charts at once; return each chart's picture and width by its id."""
        wanted = []
        for section in self.report.sections:
            if self.report.catalogue.plates:
                wanted += [(chart, PLATE_WIDTH_MM, PLATE_MM) for chart in section.charts]
                continue
            for row in chart_rows(section.charts):
                wanted += [(chart, width, self.density.chart_mm) for chart, width in row]
        pictures = render_charts(wanted, apart=self.report.catalogue.legible) if wanted else ()
        return {chart.id: (png, width) for (chart, width, _), png in zip(wanted, pictures, strict=True)}

    def markup(self) -> Iterator[str]:
        """Yield the elements of the body in order."""
        yield from _masthead(self.report, self.issued_on)
        yield paragraph("Heading1", run("要情"))
        for sentence in self.report.summary:
            yield paragraph("BodyText", run(sentence))
        for number, section in enumerate(self.report.sections, 1):
            yield from self._section(section, number)
        yield paragraph("Heading1", run("数据说明"))
        for number, sentence in enumerate(self.report.notes, 1):
            text = sentence if len(self.report.notes) == 1 else f"{number}. {sentence}"
            yield paragraph("Note", run(text), '<w:ind w:firstLineChars="200" w:firstLine="400"/>')
        if self.report.catalogue.imprint:
            yield from self._imprint()

    def _imprint(self) -> Iterator[str]:
        """Yield 版记 over a rule: whom the report goes to, who signs it, and when it is issued."""
        *lines, last = self.report.catalogue.imprint
        rule = '<w:pBdr><w:top w:val="single" w:sz="8" w:space="2" w:color="000000"/></w:pBdr>'
        tab = f'<w:tabs><w:tab w:val="right" w:pos="{twips(TEXT_WIDTH_MM)}"/></w:tabs>'
        day = f"<w:r><w:tab/></w:r>{run(f'{day_in_words(self.issued_on)}印发')}"
        for number, markup in enumerate((*map(run, lines), run(last) + day)):
            yield paragraph("Note", markup, (rule if number == 0 else "") + tab)

    def _section(self, section: Section, number: int) -> Iterator[str]:
        title = section.title if NUMBERED.match(section.title) else f"{numeral(number)}、{section.title}"
        yield paragraph("Heading1", run(title))
        for text in section.paragraphs:
            yield paragraph("BodyText", _sentences(text))
        for item in section.tables:
            yield from self._table(item)
        for row in chart_rows(section.charts) if not self.report.catalogue.plates else ():
            yield paragraph("Picture", "".join(self._picture(chart, self.density.chart_mm) for chart, _ in row))

    def plates(self) -> Iterator[str]:
        """Yield the page of charts that stands before the annexes, two side by side; nothing where the body has them."""
        charts = [chart for section in self.report.sections for chart in section.charts] if self.report.catalogue.plates else []
        if charts:
            yield paragraph("Caption", run("附图"), "<w:keepNext/>")
        for first in range(0, len(charts), 2):
            yield paragraph("Picture", "".join(self._picture(chart, PLATE_MM) for chart in charts[first : first + 2]))

    def _table(self, item: Table) -> Iterator[str]:
        self.tables += 1
        yield paragraph("Caption", run(f"表{self.tables}　{caption(item, self.density)}"))
        grid = body_grid(item, self.density)
        yield table(grid)
        if says_left_out(item, grid, self.density):
            left_out = f"共{len(item.rows)}行，此处列{len(grid.rows)}行，其余见附件工作簿“正文各表”。"
            yield paragraph("Note", run(left_out))
        yield paragraph("Break", "")

    def _picture(self, chart: Chart, height_mm: float) -> str:
        self.pictures += 1
        png, width = self.drawn[chart.id]
        relation, _ = self.document.part.get_or_add_image(BytesIO(png))
        return picture(relation, self.pictures, chart.title, width, height_mm)


def _sentences(text: str) -> str:
    """Return the runs of a paragraph: the lead sentence of （一） stands in 楷体."""
    found = _SECOND_LEVEL.match(text)
    if found is None:
        return run(text)
    lead, rest = found.groups()
    return run(lead, SUBHEADING_FONT) + (run(rest) if rest else "")


def _masthead(report: Report, issued_on: date) -> Iterator[str]:
    """Yield the head of the first page: name, issue, issuing office and date over a red line."""
    name, opened, issue = report.title.strip("《》").partition("（")
    yield paragraph("Title", run(name))
    if opened:
        yield paragraph("Issue", run(f"（{issue}"))
    day = day_in_words(issued_on)
    line = f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="2" w:color="{MASTHEAD_RED}"/></w:pBdr>'
    tab = f'<w:tabs><w:tab w:val="right" w:pos="{twips(TEXT_WIDTH_MM)}"/></w:tabs>'
    space = '<w:spacing w:before="0" w:after="160" w:line="460" w:lineRule="exact"/>'
    yield paragraph("Masthead", f"{run(issuer(report))}<w:r><w:tab/></w:r>{run(day)}", line + tab + space)


def _drop_template_parts(document: Any) -> None:
    """Cut what the library's template brings and the report does not use."""
    for holder in (document.part.package, document.part):
        for key, relation in list(holder.rels.items()):
            if any(name in relation.reltype for name in UNWANTED_RELATIONS):
                del holder.rels[key]


def _portrait(section: Any) -> None:
    """Set the page of GB/T 9704: margins, and the grid of 22 lines of 28 characters."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    # 22 lines of 580 twips are 0.07 mm more than margins of 37 and 35 mm leave; without them a page has 21.
    section.top_margin, section.bottom_margin = Mm(37), Twips(BOTTOM_TWIPS)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(24)
    for old in section._sectPr.findall("{*}docGrid"):  # noqa: SLF001 - the library has no door to the grid
        section._sectPr.remove(old)  # noqa: SLF001 — python-docx has no public way to the section's XML
    section._sectPr.append(  # noqa: SLF001 — python-docx has no public way to the section's XML
        parse_xml(f'<w:docGrid {NAMESPACES} w:type="linesAndChars" w:linePitch="580" w:charSpace="-848"/>')
    )


def _landscape(document: Any) -> None:
    """Begin the landscape section of the annexes; its binding edge is the page's top."""
    section = document.add_section(WD_SECTION.NEW_PAGE)
    carrier = document.element.body[-2]
    carrier.get_or_add_pPr().insert(0, parse_xml(f'<w:pStyle {NAMESPACES} w:val="Break"/>'))
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin, section.bottom_margin = Mm(28), Mm(26)
    section.left_margin, section.right_margin = Mm(36), Mm(36)
    section.footer_distance = Mm(15)
    grid = section._sectPr.find("{*}docGrid")  # noqa: SLF001 - the library has no door to the grid
    section._sectPr.replace(grid, parse_xml(f'<w:docGrid {NAMESPACES} w:linePitch="312"/>'))  # noqa: SLF001 — python-docx has no public way to the section's XML


def _footers(document: Any) -> None:
    """Put the page number outside: right on odd pages, left on even ones, one character in."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        element = footer._element  # noqa: SLF001 - a field has no door in the library
        for old in list(element):
            element.remove(old)
        indent = f'<w:ind w:{side}Chars="100" w:{side}="280"/><w:jc w:val="{side}"/>'
        element.append(parse_xml(paragraph("Footer", page_number(), indent)))


def _properties(document: Any, report: Report) -> None:
    """Fill the document's properties from the report; its times are the time of the close."""
    moment = closed_at(report).replace(tzinfo=None, microsecond=0)
    properties = document.core_properties
    properties.title = report.title
    properties.author = properties.last_modified_by = issuer(report)
    properties.created = properties.modified = properties.last_printed = moment
    properties.revision = 1
    properties.language = "zh-CN"
    properties.subject = properties.comments = properties.keywords = properties.category = ""
