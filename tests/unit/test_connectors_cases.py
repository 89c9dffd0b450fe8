"""One workbook of each kind that clerks really made, dropped into the folder: its right values, or its way back in words."""

import csv
import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from exchange_connectors.excel import DropFolder, load
from exchange_connectors.excel.dropfolder import FileResult
from exchange_connectors.kit import Publisher
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, topics
from exchange_contracts.model import Event

ROOT = Path(__file__).parents[2]
WORKBOOKS = ROOT / "tests" / "workbooks"
CONNECTORS = ROOT / "deploy/districts/wuqing/connectors"
MAPPINGS = {
    row["file"]: row["mapping"]
    for row in csv.DictReader((WORKBOOKS / "cases.tsv").open(encoding="utf-8"), delimiter="\t")
}


@dataclass(frozen=True, slots=True)
class Right:
    """What is right for a file.

    Attributes:
        events: entity key → field → value, of everything that may be published.
        said: what the findings must hold, as level and words.
        returned: rows that go back.
    """

    events: dict[str, dict[str, object]]
    said: tuple[tuple[str, str], ...] = ()
    returned: int | None = None


def orders(*keys: str, **facts: object) -> dict[str, dict[str, object]]:
    """Orders of the same facts."""
    return dict.fromkeys(keys, facts)


THREE = {
    "CL-0001": {"subsidy": Decimal("450.00"), "sale_amount": Decimal("3000.00"), "actually_paid": Decimal("2550.00")},
    "CL-0002": {"subsidy": Decimal("300.00"), "sale_amount": Decimal("2000.00"), "actually_paid": Decimal("1700.00")},
    "CL-0003": {"subsidy": Decimal("600.00"), "sale_amount": Decimal("4000.00"), "actually_paid": Decimal("3400.00")},
}
IN_QIANYUAN = {"HX001": {"total_investment": Decimal("1200000.00"), "funds_paid": Decimal("600000.00")}}
NOT_NAMED = (("退", "家电以旧换新明细"),)
COUNTS = {"HX001": 30000, "HX002": 30000, "HX003": 2000, "HX004": 12000, "HX005": 30, "HX012": 300}

RIGHT: dict[str, Right] = {
    "k02_unit_千元.xlsx": Right(IN_QIANYUAN),
    "k03_title_unit_qianyuan.xlsx": Right(IN_QIANYUAN),
    "k01_header_without_unit.xlsx": Right({}, (("退", "计量单位"),), 3),
    "m01_title_month.xlsx": Right({"91120114MA9000501B": {"month": "2026-10", "recovered": Decimal("500.0000")}}),
    "n05_count_wan.xlsx": Right({key: {"units_planned": count} for key, count in COUNTS.items()}, (), 6),
    "n08_percent_in_quantity.xlsx": Right({"环保绩效A级产能占比": {"value": Decimal("32.0000"), "unit": "%"}}),
    "n22_two_amounts_in_a_cell.xlsx": Right({}, (("退", "一格只填一个数"),), 6),
    "s08b_merged_amount_down.xlsx": Right({}, (("退", "合并"),), 3),
    "s09c_hidden_sheet.xlsx": Right(THREE, (("核", "隐藏"),)),
    "s09_hidden_column.xlsx": Right(THREE, (("核", "隐藏"),)),
    "n16_leading_zeros.xlsx": Right(orders("00001234", subsidy=Decimal("450.00"))),
    "t02_key_invisible.xlsx": Right(orders("CL-0001", subsidy=Decimal("450.00")), (("退", "与第6行"),), 9),
    "t01_header_invisible.xlsx": Right(THREE),
    "d11_date_and_digit.xlsx": Right({}, (("退", "2026-1-1 2"),), 3),
    "s14b_rows_below_note.xlsx": Right(orders("CL-0001", "CL-0002", "CL-0003", subsidy=Decimal("450.00"))),
    "s13b_page_breaks.xlsx": Right(orders(*(f"CL-000{n}" for n in range(1, 7)), subsidy=Decimal("450.00")), (), 0),
    "s03b_gap_25_rows.xlsx": Right(THREE),
    "s15_detail_named_total.xlsx": Right(
        {
            "更新电梯台数@建筑": {"value": Decimal("40.0000")},
            "设备投资累计@建筑": {"value": Decimal("3000.0000")},
            "老旧电梯更新合计@建筑": {"value": Decimal("12.0000")},
        },
        (),
        0,
    ),
    "s04b_no_r_error_cells.xlsx": Right({}, (("退", "#REF!"), ("退", "#N/A"), ("退", "公式没有算出结果")), 3),
    "n14_external_uncached_optional.xlsx": Right({}, (("退", "引用"),), 1),
    "t05_control_characters.xlsx": Right({key: THREE[key] for key in ("CL-0002", "CL-0003")}, (("退", "一级"),), 1),
    "s22b_crc_rels.xlsx": Right({}, (("退", "损坏"),)),
    "s11_sheet_renamed.xlsx": Right(orders("SM-1", subsidy=Decimal("450.00")), (("退", "家电以旧换新明细"),)),
    "s01_dimension_1_49.xlsx": Right(THREE),
    "x05_gb18030.csv": Right({}, NOT_NAMED),
    "x07_utf16_tab.csv": Right({}, NOT_NAMED),
    "x20_biff.xls": Right(THREE),
    "x01_html.xls": Right({}, NOT_NAMED),
    "x23_control.ods": Right(THREE),
    "x22_biff.et": Right(THREE),
}


@dataclass
class Desk:
    """A bureau's folder with the district's own mapping."""

    folder: Path
    mapping: str
    published: list[Event] = field(default_factory=list)

    def drop(self, file: Path, name: str | None = None) -> FileResult:
        """Drop a copy of *file*, take a turn, return what became of it."""
        mapping = load(CONNECTORS / self.mapping).model_copy(update={"inbox": self.folder / "inbox"})
        mapping.inbox.mkdir(exist_ok=True)
        shutil.copy(file, mapping.inbox / (name or file.name))
        events, receipts = (topic("wuqing", mapping.bureau) for topic in (topics.events_topic, topics.receipts_topic))
        broker = RecordingBroker(events, receipts)
        state = self.folder / "state.sqlite"
        with Publisher(KafkaSettings(), "wuqing", mapping.bureau, state, broker=broker) as publisher:
            results, _ = DropFolder(mapping, publisher).turn()
        said = [codec.decode(record.value) for record in broker.topics[events]]
        self.published = [event for event in said if type(event).__name__ != "WorkbookReturned"]
        (result,) = results
        assert (len(said) > len(self.published)) is result.returned_anything, "what goes back is told to the hub, and nothing else is"
        return result


def test_every_case_has_its_right_values() -> None:
    """The list of files and the list of right outcomes name the same files."""
    assert set(RIGHT) == set(MAPPINGS)


@pytest.mark.parametrize("file", sorted(RIGHT))
def test_a_clerk_s_workbook(file: str, tmp_path: Path) -> None:
    """Exactly the right events with the right values are published, the rest goes back in words, and a slip says so."""
    desk, right = Desk(tmp_path, MAPPINGS[file]), RIGHT[file]
    result = desk.drop(WORKBOOKS / file)
    said = [f"{each.level} {each.sheet} {each.cell} {each.message}" for each in result.findings]
    facts = {event.entity_key: event.model_dump() for event in desk.published}
    told = {key: {name: facts.get(key, {}).get(name) for name in wanted} for key, wanted in right.events.items()}
    assert (sorted(facts), told) == (sorted(right.events), right.events), said
    for level, words in right.said:
        assert any(str(each.level) == level and words in each.message for each in result.findings), said
    if right.returned is not None:
        assert result.returned == right.returned, said
    assert openpyxl.load_workbook(result.slip)["回执"]["A1"].value == "报送回执"


@pytest.mark.parametrize("file", ["x05_gb18030.csv", "x07_utf16_tab.csv", "x01_html.xls"])
def test_a_file_without_sheets_is_known_by_its_name(file: str, tmp_path: Path) -> None:
    """A text or HTML file named after the list of the template is read as that list."""
    desk = Desk(tmp_path, MAPPINGS[file])
    desk.drop(WORKBOOKS / file, f"家电以旧换新明细2026年10月{Path(file).suffix}")
    assert {event.entity_key: event.model_dump()["subsidy"] for event in desk.published} == {
        key: facts["subsidy"] for key, facts in THREE.items()
    }
