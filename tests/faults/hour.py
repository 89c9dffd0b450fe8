"""An hour of real use: ``python -m tests.faults.hour --minutes 60 --seed 7``.

``hub up`` with its own servers, and beside honest traffic all that goes wrong at once: hostile records in several codecs, clients
that read their download slowly, full exports, and parts that are killed. In the last two fifths of the time nothing is killed:
there the slopes of memory and the times of honest pages are measured. At the end the store is compared with the oracle and
with what brokers acknowledged; what was measured is printed as JSON, and the exit code is 1 where something does not hold.
"""

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random

from kafka import KafkaProducer
from kafka.errors import KafkaError

from exchange_connectors.settings import ConnectorSettings
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.servers import find
from exchange_hub.runtime.settings import DatabaseSettings, KafkaSettings, Settings
from tests.faults.reckoning import ZEROES, Acknowledged, Measures
from tests.faults.servers import children, free_ports
from tests.faults.stage import Stage, district_folder
from tests.faults.usage import Usage, told
from tests.strategies.damage import damaged
from tests.strategies.history import bulk
from tests.strategies.universe import BUREAUS, Item
from tests.waiting import wait_for

#: Part of the time in which parts are killed; then calm, in which memory and pages are measured.
_STORMY = 0.6
#: Records a second, all bureaus together; one in so many is hostile besides those that the universe damages.
_PER_SECOND, _HOSTILE_ONE_IN = 40, 12
#: Those that the producing client packs with; every codec is read in `tests/flow/test_core_codecs.py`.
_CODECS = (None, "gzip", "lz4", "zstd")
#: Beyond what is kept of a value; it packs to a few hundred bytes.
_BOMB = bytes(3_000_000)
_LARGE_BYTES = 100_000
_PAGES = ("/", "/lists/equipment-projects", "/lists/trade-in?size=100", "/findings", "/submissions", "/api/lists/funds?size=100", "/receipts")
_EXPORTS = ("/lists/equipment-projects/download?format=xlsx", "/lists/trade-in/download?format=csv", "/lists/funds/download?format=json")
#: What is killed: a word of its command line, told apart from other programs by its descent.
_PARTS = {"worker": "exchange_hub worker", "relay": "exchange_hub relay", "console": "exchange_hub console", "kafka": "kafka.Kafka", "postgres": "postgres -D"}


@dataclass
class Hour:
    """A hub that runs, and what happens beside it.

    Attributes:
        process: ``hub up``.
        stage: its district, topics and store, as the reckoning takes them.
        port: of the console.
        seed: of everything random.
        stop: told to all threads.
        killing_ends: told when nothing is killed any more.
        calm: told when what was killed last is back.
        counts: what was done.
        usage: memory and times.
        failed: threads that ended by an error, in words.
    """

    process: "subprocess.Popen[bytes]"
    stage: Stage
    port: int
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    killing_ends: threading.Event = field(default_factory=threading.Event)
    calm: threading.Event = field(default_factory=threading.Event)
    counts: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    failed: list[str] = field(default_factory=list)

    def address(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    def descendants(self) -> dict[int, str]:
        """Return process id → command line of everything that the hub started."""
        found, new = {}, [self.process.pid]
        while new:
            new = [child for parent in new for child in children(parent)]
            for pid in new:
                with suppress(OSError):
                    found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return found

    def parts(self) -> dict[int, str]:
        """Return process id → name of the part, of those that may be killed."""
        return {pid: name for pid, line in self.descendants().items() for name, word in _PARTS.items() if word in line}


@contextmanager
def hour(folder: Path, seed: int) -> Iterator[Hour]:
    """Start ``hub up`` on a district of its own, and wait until it is ready."""
    name, (port,) = f"h{secrets.token_hex(4)}", free_ports(1)
    district, data = district_folder(folder, name), folder / "data"
    own = {"HUB_DATA_DIR": str(data), "HUB_DISTRICT": str(district), "HUB_CONSOLE__PORT": str(port), "HUB_METRICS__PORT": "0"}
    folder.chmod(0o755)
    with (folder / "up.log").open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "exchange_hub", "up"], env=os.environ | own, stdout=output, stderr=output)
    try:
        wait_for("the hub to be ready", lambda: _answers(f"http://127.0.0.1:{port}/readyz"), 300, 0.5)
        servers = find(Settings(district=district, data_dir=data))
        assert servers is not None
        user = ConnectorSettings(data_dir=data, district_code=name)
        reader = KafkaSettings(
            bootstrap_servers=servers.bootstrap_servers, security_protocol="SASL_PLAINTEXT", username=f"hub.{name}",
            password=(data / f"credentials/hub.{name}.password").read_text().strip(),
        )  # fmt: skip
        settings = Settings(district=district, data_dir=data, kafka=reader, database=DatabaseSettings(url=servers.database_url))
        stage = Stage(Hub.load(settings), servers.bootstrap_servers, servers.database_url, folder, clients=reader)
        assert {user.broker(bureau).username for bureau in BUREAUS} == {f"hub.{name}.{bureau}" for bureau in BUREAUS}
        yield Hour(process, stage, port, seed)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)


def _answers(address: str, seconds: float = 5.0) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def traffic(told_of: Hour) -> None:
    """Publish as each bureau, honest and hostile, in several codecs, until told to stop; what brokers acknowledged is kept."""
    choose, stage = Random(told_of.seed), told_of.stage
    name = stage.hub.district.id
    user = ConnectorSettings(data_dir=stage.folder / "data", district_code=name)
    with ExitStack() as open_:
        producers: dict[tuple[str, str | None], KafkaProducer] = {}
        underway = []
        began = time.monotonic()
        for number, item in enumerate(bulk(told_of.seed, 1_000_000)):
            if told_of.stop.is_set():
                break
            sent = _hostile(item, choose) if choose.randrange(_HOSTILE_ONE_IN) == 0 else item
            told_of.counts["sound" if sent.sound else "hostile"] += 1
            is_large = sent.value is not None and len(sent.value) > _LARGE_BYTES
            # What is too large for a broker fails the batch that it lies in: it has a producer of its own, which packs.
            place = item.bureau, "large" if is_large else choose.choice(_CODECS)
            if place not in producers:
                options = user.broker(item.bureau).client() | {"bootstrap_servers": stage.kafka.split(",")}
                made = KafkaProducer(acks="all", linger_ms=5, compression_type="gzip" if is_large else place[1], max_request_size=1 << 25, delivery_timeout_ms=300_000, max_block_ms=300_000, **options)
                producers[place] = open_.enter_context(_closing(made))
            topic, record = stage.note(sent)
            is_bomb = sent.value is _BOMB  # a reader keeps its length and digest, so it is not found again by its bytes
            underway.append((producers[place].send(topic, key=record.key, value=record.value, headers=list(record.headers)), topic, None if is_bomb else record))
            ahead = began + number / _PER_SECOND - time.monotonic()
            told_of.stop.wait(max(0.0, min(ahead, 1.0)))
        for future, topic, noted in underway:
            try:
                offset = future.get(300).offset
                if noted is not None:
                    stage.acknowledged.append(Acknowledged(topic, offset, noted))
            except KafkaError as error:  # it may lie there or not: the balance holds either way
                told_of.counts[f"unacknowledged {type(error).__name__}"] += 1


@contextmanager
def _closing(producer: KafkaProducer) -> Iterator[KafkaProducer]:
    try:
        yield producer
    finally:
        producer.close(60)


def _hostile(item: Item, choose: Random) -> Item:
    """Return a record as a hostile or broken sender writes it: damaged, far too large, unpacking to megabytes, or naming a person."""
    kind = choose.choices(range(4), (60, 3, 2, 35))[0]
    if kind == 0 or item.value is None:
        return damaged(item, choose) if item.value is not None and item.sound else item
    value = {
        1: choose.randbytes(200_000), 2: _BOMB, 3: b"\0" + '{"name": "张某", "phone": "13812345678", "id": "120114199003074518"}'.encode(),
    }[kind]  # fmt: skip
    return replace(item, value=value, headers=(), sound=False, event=f"hostile: {kind}")


def pages(told_of: Hour) -> None:
    """Ask for honest pages one after another, as a coordinator does, and keep how long each took."""
    for number in count():
        if told_of.stop.wait(0.25):
            return
        path, began = _PAGES[number % len(_PAGES)], time.monotonic()
        right = _answers(told_of.address(path), 30)
        told_of.usage.page(path, time.monotonic() - began, right=right, calm=told_of.calm.is_set())


def exports(told_of: Hour) -> None:
    """Download whole lists, one after another."""
    for number in count():
        if told_of.stop.wait(2.0):
            return
        try:
            with urllib.request.urlopen(told_of.address(_EXPORTS[number % len(_EXPORTS)]), timeout=120) as answer:
                told_of.counts["export bytes"] += sum(map(len, iter(lambda: answer.read(1 << 16), b"")))
            told_of.counts["exports"] += 1
        except (OSError, urllib.error.HTTPError) as error:
            told_of.counts[f"export not served ({'calm' if told_of.calm.is_set() else 'stormy'}): {type(error).__name__}"] += 1


def slow(told_of: Hour) -> None:
    """Ask for a download and read a byte a second of it; begin again when cut off."""
    while not told_of.stop.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", told_of.port), 10) as line:
            line.sendall(f"GET {_EXPORTS[0]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            while not told_of.stop.wait(1.0) and line.recv(1):
                told_of.counts["slow bytes"] += 1
        told_of.stop.wait(1.0)


def kills(told_of: Hour, every_seconds: float) -> None:
    """Kill a part at random from time to time, until told to end."""
    choose = Random(told_of.seed + 1)
    while not told_of.killing_ends.wait(choose.uniform(0.5, 1.5) * every_seconds):
        by_name: dict[str, int] = {}
        for pid, name in told_of.parts().items():
            by_name.setdefault(name, pid)
        if by_name:
            name = choose.choice(sorted(by_name))
            with suppress(ProcessLookupError):
                os.kill(by_name[name], signal.SIGKILL)
                told_of.counts[f"killed {name}"] += 1


def memory(told_of: Hour) -> None:
    """Look at the memory of every part each five seconds."""
    while not told_of.stop.wait(5.0):
        for pid, name in told_of.parts().items():
            told_of.usage.look(pid, name, calm=told_of.calm.is_set())


def run(folder: Path, minutes: float, seed: int) -> Measures:
    """Let an hour of that many minutes pass, and reckon."""
    with hour(folder, seed) as told_of:
        threads = [_thread(told_of, work) for work in (traffic, pages, exports, memory, *[slow] * 6, lambda of: kills(of, 20.0))]
        if not told_of.stop.wait(minutes * 60 * _STORMY):
            told_of.killing_ends.set()
            began = time.monotonic()
            wait_for("the hub to be ready again", lambda: _answers(told_of.address("/readyz")), 180, 0.5)
            told_of.counts["seconds until ready after the last kill"] = round(time.monotonic() - began)
            told_of.stop.wait(10)
            told_of.calm.set()
            told_of.stop.wait(minutes * 60 * (1 - _STORMY))
        told_of.stop.set()
        for thread in threads:
            thread.join(400)
        stage, ends = told_of.stage, told_of.stage.ends()
        wait_for("the hub to read to the end", lambda: all(stage.positions().get(topic, 0) >= end for topic, end in ends.items()), 300, 0.5)
        reckoned = stage.reckoned()
        print(reckoned, flush=True)
        measures = reckoned.measures()
        alive = told_of.process.poll() is None
        return measures | told(told_of.usage) | {"done": dict(sorted(told_of.counts.items())), "failed": told_of.failed, "up": alive}


def broken(measures: Measures) -> list[str]:
    """Say what does not hold: the reckoning, a thread or the hub that ended, a page that was not served although nothing was killed."""
    found = [f"{name}: {measures[name]}" for name in ZEROES if measures[name]]
    found += [f"a thread ended: {words}" for words in measures["failed"]]
    found += [f"not served: {words}, {times} times" for words, times in measures["pages_missed"].items() if words.startswith("calm")]
    return found if measures["up"] else [*found, "the hub ended"]


def _thread(told_of: Hour, work: Callable[[Hour], None]) -> threading.Thread:
    def guarded() -> None:
        try:
            work(told_of)
        except BaseException as error:  # noqa: BLE001 — told at the end; the others go on
            told_of.failed.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    return thread


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 30))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-hour-", ignore_cleanup_errors=True) as folder:
        measures = run(Path(folder), given.minutes, given.seed)
    found = broken(measures)
    print(json.dumps({"seed": given.seed, "minutes": given.minutes} | measures | {"broken": found}, ensure_ascii=False, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
