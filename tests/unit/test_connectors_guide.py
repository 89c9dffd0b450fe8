"""The connector guide says everything that a mapping, a command, a setting and a metric can be."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

import exchange_connectors
from exchange_connectors.cli import connect
from exchange_connectors.excel import load
from exchange_connectors.excel.mapping import ColumnMap, EventMap, Mapping, SheetMap
from exchange_connectors.jsonlines import Taken, read_lines
from exchange_connectors.kit import publisher as publishing
from exchange_connectors.kit import telemetry
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.settings import ConnectorSettings, KafkaSettings
from exchange_contracts import codec

GUIDE = Path(exchange_connectors.__file__).with_name("GUIDE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", [Mapping, SheetMap, ColumnMap, EventMap], ids=lambda model: model.__name__)
def test_every_key_of_a_mapping_is_in_the_guide(model: type[BaseModel]) -> None:
    """No key of a connector's mapping is undocumented; what reading works out is none."""
    keys = {field.alias or name for name, field in model.model_fields.items()} - {"digest", "lists_digest", "offered", "own_name", "sheet", "columns", "event"}
    assert {key for key in keys if not re.search(rf"\b{key}\b( =|\])", GUIDE)} == set()


def test_every_command_setting_and_metric_is_in_the_guide() -> None:
    """No command, environment variable or metric is undocumented."""
    assert isinstance(connect, click.Group)
    commands = {f"hub connect {name}" for name in connect.commands}
    kafka = {f"HUB_KAFKA__{name.upper()}" for name in KafkaSettings.model_fields}
    own = {f"HUB_{name.upper()}" for name in ConnectorSettings.model_fields if name != "kafka"}
    metrics = {metric._name for metric in vars(telemetry).values() if isinstance(metric, MetricWrapperBase)}
    assert {each for each in commands | kafka | own | metrics if each not in GUIDE} == set()


def test_the_guide_s_mapping_loads(tmp_path: Path) -> None:
    """The example in the guide is a mapping that the connector takes."""
    example = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    (tmp_path / "connectors").mkdir()
    (tmp_path / "bureaus.toml").write_text(
        '[[bureau]]\ncode = "industry"\nname = "区工业和信息化局"\n', encoding="utf-8"
    )
    (tmp_path / "towns.toml").write_text('town = ["杨村街道"]\n', encoding="utf-8")
    path = tmp_path / "connectors" / "industry.toml"
    path.write_text(example[1], encoding="utf-8")
    assert load(path).departments["区工业和信息化局"] == "industry"
    assert tomllib.loads(example[1])["bureau"] == "industry"


def test_the_guide_s_line_is_taken() -> None:
    """The example line for `hub publish` is an event as it stands."""
    (line,) = re.findall(r"^\{\"type\".*$", GUIDE, re.MULTILINE)
    (taken,) = read_lines([line], "finance", datetime(2026, 10, 13, tzinfo=UTC))
    assert isinstance(taken, Taken), taken


def test_the_guide_s_program_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The example program, run as it stands on the double, publishes one event, and none the second time."""
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    broker = RecordingBroker("hub.sample.finance.events", "hub.sample.finance.receipts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(publishing, "KafkaBroker", lambda _settings: broker)
    program = program.replace("wait_for_receipts(30)", "wait_for_receipts(0)")
    for _ in range(2):
        exec(compile(program, "GUIDE.md", "exec"), {})  # the guide's own text, under test
    (record,) = broker.topics["hub.sample.finance.events"]
    assert codec.decode(record.value).entity_key == "BT-2026-0002"
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[0] != second.split()[0]
