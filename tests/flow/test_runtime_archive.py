"""The hub's own Kafka starts by the archive of its classes, which the first one of a machine writes when it stops."""

import sys
from pathlib import Path

import pytest

from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.leftovers import read_json
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process maps is told by Linux")
def test_the_second_start_maps_what_the_first_one_wrote(folder: Path) -> None:
    """A new cache has no archive; the broker that stops writes one, and the next broker, of a new data folder, runs on it."""
    cache = folder / "cache"
    cache.mkdir(mode=0o755)
    (cache / "maven").symlink_to(Settings().cache_folder / "maven")
    mapped = []
    for name in ("first", "second"):
        settings = Settings(data_dir=folder / name, cache_dir=cache)
        with running(settings, database=False) as servers:
            assert servers.started_here
            pid = read_json(Layout(settings.data_folder).processes)["pids"]["kafka"]
            mapped.append("kafka-classes-" in Path(f"/proc/{pid}/maps").read_text())
    assert mapped == [False, True]
    [archive] = cache.glob("kafka-classes-*")
    assert archive.suffix == ".jsa"
