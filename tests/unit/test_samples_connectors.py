"""The connectors of the sample district read every sample workbook: what is published, returned and left alone."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exchange_connectors.excel import mapping as mappings
from exchange_connectors.excel.dropfolder import DropFolder, look_at
from exchange_connectors.excel.model import Level
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, registry, topics
from exchange_hub.programme.district import District
from exchange_hub.views.lists import kinds_of

DISTRICT = Path(__file__).parents[2] / "deploy/districts/wuqing"
TOWNS = [town["code"] for town in tomllib.loads((DISTRICT / "towns.toml").read_text(encoding="utf-8"))["town"] if town.get("reports")]
CONNECTORS = [*sorted(path.stem for path in (DISTRICT / "connectors").glob("*.toml")), *TOWNS]


def take(folder: Path, bureau: str, state: Path, broker: RecordingBroker) -> list[int]:
    """Publish a folder's workbooks without writing slips; return the numbers of the errors that sent rows back."""
    mapping = mappings.of_bureau(DISTRICT / "connectors", bureau).model_copy(update={"inbox": folder})
    errors = []
    with Publisher(KafkaSettings(), "wuqing", bureau, state, broker=broker) as publisher:
        for path in DropFolder(mapping, publisher).waiting():
            seen = look_at(path, mapping, publisher.ledger)
            for each in seen.statements:
                publisher.offer(each.statement, mapping.source)
            publisher.flush(10)
            with publisher.store.transaction():
                publisher.ledger.remember_aliases(alias for each in seen.statements for alias in each.aliases)
                publisher.ledger.remember(seen.memos)
            errors += [finding.no for finding in seen.findings if finding.level is Level.RETURNED]
    return errors


@pytest.mark.parametrize("bureau", CONNECTORS)
def test_a_bureau_publishes_what_the_ledger_expects(
    bureau: str, sample_workbooks: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Step by step: events by type, and the rows that go back with the number of their error."""
    out, ledger = sample_workbooks
    events = topics.events_topic("wuqing", bureau)
    broker = RecordingBroker(events, topics.receipts_topic("wuqing", bureau))
    for step in ledger["steps"]:
        before = len(broker.topics[events])
        errors = take(out / step / bureau, bureau, tmp_path / "state.sqlite", broker)
        published = Counter(codec.decode_facts(r.value)[0].event for r in broker.topics[events][before:])
        assert published == ledger["published"].get(step, {}).get(bureau, {})
        assert sorted(errors) == sorted(row["error"] for row in ledger["returned"].get(step, {}).get(bureau, ()))


def test_every_bureau_with_workbooks_has_a_connector(sample_workbooks: tuple[Path, dict[str, Any]]) -> None:
    """No workbook is dropped where nobody looks."""
    out, _ = sample_workbooks
    assert {folder.name for step in out.iterdir() if step.is_dir() for folder in step.iterdir()} <= set(CONNECTORS)


@pytest.mark.parametrize("bureau", CONNECTORS)
def test_a_bureau_s_workbooks_have_a_sheet_for_every_list_that_it_may_report(bureau: str) -> None:
    """Of each list that the registry gives a bureau, its mapping knows a sheet that states something of it."""
    mapping = mappings.of_bureau(DISTRICT / "connectors", bureau)
    kinds = {registry.load().latest(event.type).kind for sheet in mapping.sheet for event in sheet.event}
    may = District.load(DISTRICT).bureau(bureau).lists
    assert [name for name in may if name != "submissions" and not kinds & set(kinds_of(name))] == []
