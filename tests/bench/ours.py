"""The hub's own paths: decode, read and fold in memory, and workers from Kafka to committed rows."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg

from exchange_contracts import codec
from exchange_hub.views import fold
from exchange_hub.views.lists import KINDS
from exchange_hub.views.reading import read
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact, Record, Rejection, Row, Statement
from exchange_hub.views.store.setup import connect
from tests.bench import peer_work
from tests.bench.dataset import AMOUNTS, SHARES, messages
from tests.bench.measure import Measurement, load, own_peak_rss_mb, peak_rss_mb, using
from tests.bench.stage import DataSet, Stage, end, hub_process, reached

POLL = 5_000
#: (bureau, event family) → (registers that count, sum of their amounts in fen)
Figures = dict[tuple[str, str], tuple[int, int]]


def _polls(data: DataSet) -> Iterator[list[tuple[str, Record]]]:
    """Yield the set's records in memory, a poll at a time, as a worker would see them."""
    poll: list[tuple[str, Record]] = []
    for slice_no in range(data.slices):
        sources = {bureau: messages(bureau, slice_no, data.slice_events) for bureau in SHARES}
        for number, bureau in enumerate(SHARES):
            for off, message in enumerate(sources[bureau]):
                poll.append((bureau, Record(number, off, 1_764_000_000_000, message.key, message.value, message.headers)))
                if len(poll) == POLL:
                    yield poll
                    poll = []
    yield poll


def decode_only(data: DataSet) -> Measurement:
    """Decode every value to checked facts; nothing else."""
    seconds = cpu = 0.0
    events = 0
    for poll in _polls(data):
        began, used = time.perf_counter(), time.process_time()
        for _, record in poll:
            try:
                codec.decode_facts(record.value or b"")
            except codec.DecodeError:
                continue
        seconds += time.perf_counter() - began
        cpu += time.process_time() - used
        events += len(poll)
    return Measurement("decode_only", events, seconds, own_peak_rss_mb(), 1, {"worker": cpu}, load())


def decode_fastavro(data: DataSet) -> Measurement:
    """Decode every value as the peers do; nothing else."""
    seconds = cpu = 0.0
    events = 0
    peer_work.told(b"")
    for poll in _polls(data):
        began, used = time.perf_counter(), time.process_time()
        for _, record in poll:
            peer_work.told(record.value or b"")
        seconds += time.perf_counter() - began
        cpu += time.process_time() - used
        events += len(poll)
    return Measurement("decode_fastavro", events, seconds, own_peak_rss_mb(), 1, {"worker": cpu}, load())


class Memory:
    """Views in memory: registers by claim, components by identity, rows by component; the same folds, no database."""

    def __init__(self, rules: FoldRules) -> None:
        self.rules = rules
        self.registers: dict[ClaimKey, dict[str, Fact]] = {}
        self.values: dict[ClaimKey, list[str]] = {}
        self.holders: dict[str, tuple[ClaimKey, ...]] = {}
        self.rows: dict[ClaimKey, Sequence[Row]] = {}
        self.seen: dict[str, set[str]] = defaultdict(set)

    def take(self, results: Iterable[tuple[str, Statement, fold.Folded]]) -> None:
        """Fold a poll's statements into the views, each component once."""
        again: set[ClaimKey] = set()
        joined: dict[ClaimKey, Sequence[Row] | None] = {}
        for bureau, (_, event_id, _, key, register, fact, _), trial in results:
            seen = self.seen[bureau]
            if event_id in seen:
                continue
            seen.add(event_id)
            registers = self.registers.get(key)
            own = KINDS[key.kind].own
            if registers is None:
                self.registers[key] = {register: fact}
                (self.rows if own else joined)[key] = trial.rows
                continue
            present = registers.get(register)
            if present is not None and (present.revision, present.digest) >= (fact.revision, fact.digest):
                continue
            registers[register] = fact
            if own:
                again.add(key)
            else:
                joined[key] = None
        for key in again:
            self._fold([key])
        self._join(joined)

    def _fold(self, members: Sequence[ClaimKey]) -> None:
        claims = [Claim(member, self.registers[member]) for member in members]
        self.rows[members[0]] = fold.fold_component(claims, self.rules).rows

    def _join(self, changed: Mapping[ClaimKey, Sequence[Row] | None]) -> None:
        """Recompute the components of claims that others may join."""
        for key in changed:
            for value in self.values.get(key, ()):
                self.holders[value] = tuple(held for held in self.holders[value] if held != key)
            self.values[key] = [f"{key.kind} {value}" for value in fold.identities(Claim(key, self.registers[key]))]
            for value in self.values[key]:
                self.holders[value] = (*self.holders.get(value, ()), key)
        done: set[ClaimKey] = set()
        for key, lone in changed.items():
            if key in done:
                continue
            members, frontier = {key}, [key]
            while frontier:
                for value in self.values[frontier.pop()]:
                    if len(self.holders[value]) > 1:
                        fresh = set(self.holders[value]) - members
                        members |= fresh
                        frontier.extend(fresh)
            if len(members) == 1 and lone is not None:
                self.rows[key] = lone
                continue
            done |= members
            for member in members:
                self.rows.pop(member, None)
            self._fold(sorted(members))


def views_fold_only(data: DataSet, rules: FoldRules) -> Measurement:
    """Read (decode, check, trial fold) and fold into views in memory; no database."""
    seconds = cpu = 0.0
    events = 0
    memory = Memory(rules)
    for poll in _polls(data):
        began, used = time.perf_counter(), time.process_time()
        results = []
        for bureau, record in poll:
            result = read(record, bureau, rules)
            if not isinstance(result, Rejection):
                results.append((bureau, *result))
        memory.take(results)
        seconds += time.perf_counter() - began
        cpu += time.process_time() - used
        events += len(poll)
    rows = sum(map(len, memory.rows.values()))
    return Measurement("views_fold_only", events, seconds, own_peak_rss_mb(), 1, {"worker": cpu}, load(), {"rows": rows})


def views_durable(stage: Stage, data: DataSet, url: str, workers: int) -> Measurement:
    """Real workers, from Kafka to committed rows of all views, findings, receipts and positions."""
    total = sum(stage.ends(data).values())
    processes = [hub_process(stage, data.district, url, "worker", "--number", str(1 + n)) for n in range(workers)]
    try:
        with connect(url) as conn:
            begun = consuming(conn, processes, workers)
            with using(stage.servers, [process.pid for process in processes]) as usage:
                while reached(conn)[0] < total:
                    _alive(processes)
                    time.sleep(0.05)
        rss = max(peak_rss_mb(process.pid) for process in processes)
    finally:
        end(processes)
    name = "views_durable" if workers == 1 else f"views_durable_{workers}"
    return Measurement(name, total - begun, usage.seconds, rss, workers, usage.cores, load())


def consuming(conn: psycopg.Connection, processes: list[subprocess.Popen[bytes]], workers: int) -> int:
    """Wait until each worker has claimed topics; return the records that were passed until then."""
    deadline = time.monotonic() + 120
    while True:
        _alive(processes)
        passed, owners = reached(conn)
        if len(owners) >= workers:
            return passed
        if time.monotonic() > deadline:
            raise TimeoutError("the workers did not claim their topics within 120 s")
        time.sleep(0.01)


def _alive(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is not None:
            raise RuntimeError(f"a process ended with code {process.returncode}: {process.args!r}")


def figures_of_views(url: str) -> Figures:
    """Registers and amounts as the views hold them."""
    found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    with connect(url) as conn, conn.transaction(), conn.cursor("registers", binary=True) as cur:
        cur.itersize = 20_000
        cur.execute(
            """SELECT DISTINCT ON (e.topic_no, e.kind, e.entity, e.register)
                      t.bureau, e.kind || ':' || split_part(e.register, ':', 1), e.value
               FROM log.event_log e JOIN log.topic t USING (topic_no) WHERE e.kind <> 'coordination'
               ORDER BY e.topic_no, e.kind, e.entity, e.register, e.revision DESC, e.digest DESC, e.off"""
        )
        for bureau, family, value in cur:
            contract, facts = codec.decode_facts(value)
            count, amount = found[bureau, family]
            stated = facts[AMOUNTS[contract.event]] if contract.event in AMOUNTS else None
            found[bureau, family] = (count + 1, amount + (stated or 0))
    return dict(found)


__all__ = ["Figures", "consuming", "decode_fastavro", "decode_only", "figures_of_views", "views_durable", "views_fold_only"]
