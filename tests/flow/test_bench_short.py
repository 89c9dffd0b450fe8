"""Every entry of the bench runs, and hub and peers agree on what the events say; how long it takes is no test."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.bench import run
from tests.bench.ours import Figures
from tests.bench.stage import stage

TINY = (
    "--events", "2400", "--repeat", "1", "--growth", "400", "--growth-sizes", "2", "--growth-repeat", "1", "--growth-part", "200", "--faust-events", "2400",
    "--rows", "1000", "--seconds", "1", "--pace", "200", "--publish", "300",
)  # fmt: skip
#: Entries that run together. The first group fills the views that every peer is compared with. Kafka Streams, which needs
#: a JDK, runs in `make bench` alone; Quix, which is not of the development set, where it is installed.
GROUPS = {
    "workers": "views_durable,views_durable_2,rebuild,console,close_and_report",
    "memory": "decode_only,decode_fastavro,views_fold_only,raw_consumer,memory",
    **({"quix": "peer_quix_pg,peer_quix_pg_once,peer_quix,peer_quix_sums"} if importlib.util.find_spec("quixstreams") else {}),
    "faust": "peer_faust_table",
    "publishing": "publish_sdk,publish_bare,freshness",
    "scaling": "scaling",
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    """What the views hold, kept from the first group for the others."""
    return {}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with running servers that every group joins: they start once, and the set is published once."""
    with TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as name, stage(Path(name)) as servers:
        yield servers.folder


@pytest.mark.timeout(300)  # quick where the machine is quiet: half of it is the start of processes (Quix makes its topics slowly)
@pytest.mark.parametrize("group", GROUPS)
def test_every_entry_runs_and_the_results_agree(group: str, folder: Path, figures: dict[str, Figures], capsys: pytest.CaptureFixture[str]) -> None:
    """A run ends with code 0 only where peers and views count and sum the same, and every entry asked for is in the file."""
    out = folder / f"{group}.json"
    asked = [*TINY, "--only", GROUPS[group], "--folder", str(folder), "--out", str(out)]
    assert run.main(asked, figures) == 0, capsys.readouterr().err
    assert "views" in figures, "the group that fills the views comes first"
    found = json.loads(out.read_text())
    for name in GROUPS[group].split(","):
        # Of a tiny set the first of two workers may have read all before the second has its topics.
        assert found[name]["events"] > 0 or name == "views_durable_2"
