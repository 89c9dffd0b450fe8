"""One hub a data folder, and ports that are looked at before anything starts."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from exchange_hub.runtime.instance_lock import check_ports, only_hub
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import ConsoleSettings, MetricsSettings, Settings

HOLD = """
import sys
from pathlib import Path
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.instance_lock import only_hub
with only_hub(Settings(data_dir=Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_hub_is_told_which_one_runs(tmp_path: Path) -> None:
    """The same data folder is refused with the first one's process number; another folder is not."""
    with only_hub(Settings(data_dir=tmp_path / "a")):
        with pytest.raises(RuntimeProblem, match="runs for this data folder already") as told, only_hub(Settings(data_dir=tmp_path / "a")):
            pass
        assert f"process {os.getpid()}" in told.value.where
        with only_hub(Settings(data_dir=tmp_path / "b")):
            pass


def test_a_hub_that_was_killed_blocks_nobody(tmp_path: Path) -> None:
    """After SIGKILL of the holder, and after an orderly end, the folder is free at once."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(RuntimeProblem, match=str(holder.pid)), only_hub(Settings(data_dir=tmp_path)):
        pass
    holder.kill()
    holder.communicate()
    for _ in range(2):
        with only_hub(Settings(data_dir=tmp_path)):
            pass


@pytest.mark.parametrize(("place", "name"), [(0, "HUB_METRICS__PORT"), (2, "HUB_METRICS__PORT"), (None, "HUB_CONSOLE__PORT")])
def test_a_taken_port_is_named_with_its_setting(place: int | None, name: str) -> None:
    """The console's port, and every one of the metrics' ports that follow the first, are looked at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        console = ConsoleSettings(port=port if place is None else 0)
        metrics = MetricsSettings(port=0 if place is None else port - place)
        with pytest.raises(RuntimeProblem, match=f"Port {port} ") as told:
            check_ports(Settings(console=console, metrics=metrics))
    assert name in told.value.remedy
    check_ports(Settings(console=ConsoleSettings(port=0), metrics=MetricsSettings(port=0)))
