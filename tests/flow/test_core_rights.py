"""A Kafka that authenticates and authorises: what is missing is said in words with the command that grants it, stops only what it concerns, and is noticed when granted."""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from exchange_connectors.kit.broker import KafkaBroker
from exchange_connectors.settings import KafkaSettings as ConnectorKafka
from exchange_hub.processes.relay import run_relay
from exchange_hub.runtime.metrics import Meters
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import KafkaSettings
from exchange_hub.runtime.topics import administration, group_lack, lacks
from exchange_hub.views import relay as receipts
from exchange_hub.views.store.setup import connect
from tests.faults.secured import PASSWORD, Secured, secured_broker
from tests.faults.stage import Stage, staged, wait_for
from tests.flow.test_core_topic_faults import others_caught_up
from tests.strategies.history import bulk

SEED = 20261129


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One secured broker for all tests of this file; each has a district, and rights, of its own."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as found:
        yield found


@pytest.fixture
def stage(secured: Secured, servers: tuple[str, str], tmp_path: Path) -> Iterator[Stage]:
    """A district on the secured broker, whose hub has a user without any right yet."""
    user = f"hub-{tmp_path.name}"
    secured.add_user(user)
    with staged(secured.servers, servers[1], tmp_path, user=secured.settings(user), clients=secured.settings()) as made:
        yield made


def user_of(stage: Stage) -> str:
    """Return the hub's user."""
    return str(stage.hub.settings.kafka.username)


def grant_all(secured: Secured, stage: Stage) -> None:
    """Give the hub's user what it needs."""
    secured.grant(user_of(stage), "TOPIC", f"hub.{stage.hub.district.id}.", "READ", "WRITE", "DESCRIBE_CONFIGS", prefixed=True)
    secured.grant(user_of(stage), "GROUP", stage.hub.workers_group, "READ")
    with administration(secured.servers, stage.hub.settings.kafka) as admin:
        # The broker follows the controller, which took the rights, a moment later.
        topics = [*stage.hub.event_topics]
        wait_for("the rights to hold", lambda: not (group_lack(admin, stage.hub.workers_group) or lacks(admin, topics, "READ") or lacks(admin, topics, "WRITE")))


def command(stage: Stage, right: str, kind: str, name: str) -> str:
    """The command that grants a right, as it has to be told."""
    user = user_of(stage)
    return f"--allow-principal User:{user} --operation {right} --{kind} {name}"


@pytest.mark.timeout(300)
def test_a_topic_that_may_not_be_read_stands_still_alone(secured: Secured, stage: Stage) -> None:
    """The others go on, also at the next start; once the right is given the same worker reads it from where it stood."""
    grant_all(secured, stage)
    topic = stage.topic("industry")
    secured.deny(user_of(stage), "TOPIC", topic, "READ")
    worker = stage.worker()
    stage.send(bulk(SEED, 300))
    others_caught_up(stage, topic)
    assert stage.positions().get(topic, 0) == 0
    wait_for("the lack to be said", lambda: command(stage, "Read", "topic", topic) in worker.text())
    secured.take_back_denials(user_of(stage))
    stage.caught_up()
    secured.deny(user_of(stage), "TOPIC", topic, "READ")
    stage.send(bulk(SEED + 1, 300))
    others_caught_up(stage, topic)
    wait_for("the lack to be said again", lambda: worker.text().count(command(stage, "Read", "topic", topic)) == 2)
    secured.take_back_denials(user_of(stage))
    stage.send(bulk(SEED + 2, 100))
    stage.caught_up()
    assert worker.exit_code is None, worker.text()[-3000:]
    stage.reckon()


@pytest.mark.timeout(240)
def test_a_topic_that_may_not_be_seen_stands_still_alone(secured: Secured, stage: Stage) -> None:
    """Where not even its existence may be seen, its place is kept, and the others go on."""
    grant_all(secured, stage)
    worker = stage.worker()
    stage.send(bulk(SEED, 300))
    stage.caught_up()
    topic = stage.topic("industry")
    kept = stage.positions()[topic]
    secured.deny(user_of(stage), "TOPIC", topic, "DESCRIBE")
    secured.deny(user_of(stage), "TOPIC", topic, "READ")
    stage.send(bulk(SEED + 1, 300))
    others_caught_up(stage, topic)
    worker.end()
    again = stage.worker()
    stage.send(bulk(SEED + 2, 300))
    others_caught_up(stage, topic)
    assert stage.positions()[topic] == kept
    assert command(stage, "Describe", "topic", topic) in again.text()
    secured.take_back_denials(user_of(stage))
    stage.caught_up()
    assert again.exit_code is None, again.text()[-3000:]
    stage.reckon()


def test_a_worker_that_may_not_join_its_group_says_so(secured: Secured, stage: Stage) -> None:
    """It ends in words; a group right is nothing that it could do without."""
    secured.grant(user_of(stage), "TOPIC", f"hub.{stage.hub.district.id}.", "READ", "DESCRIBE_CONFIGS", prefixed=True)
    worker = stage.worker()
    assert worker.ended(30) == 1, worker.text()[-2000:]
    assert command(stage, "Read", "group", stage.hub.workers_group) in worker.text()
    assert "Traceback" not in worker.text()


@pytest.mark.timeout(240)
def test_the_doctor_names_every_lack(secured: Secured, stage: Stage) -> None:
    """A setting that may not be seen and a right that is missing are answers, each with the command that grants it."""
    secured.grant(user_of(stage), "TOPIC", f"hub.{stage.hub.district.id}.", "DESCRIBE", prefixed=True)
    ran = subprocess.run(
        [sys.executable, "-m", "exchange_hub", "doctor", "--format", "json"], env=os.environ | stage.environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    answers = {answer["check"]: answer for answer in map(json.loads, ran.stdout.splitlines())}
    assert ran.returncode == 1, ran.stderr
    first = min(stage.hub.event_topics)
    assert answers["topics"]["level"] == "FAIL"
    assert "--operation DescribeConfigs --topic hub." in answers["topics"]["remedy"]
    assert answers["rights"]["level"] == "FAIL"
    assert command(stage, "Read", "group", stage.hub.workers_group) in answers["rights"]["remedy"]
    secured.grant(user_of(stage), "GROUP", stage.hub.workers_group, "READ")
    grant_all(secured, stage)
    secured.deny(user_of(stage), "TOPIC", first, "READ")
    ran = subprocess.run(
        [sys.executable, "-m", "exchange_hub", "doctor", "--format", "json"], env=os.environ | stage.environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    answers = {answer["check"]: answer for answer in map(json.loads, ran.stdout.splitlines())}
    assert answers["topics"]["level"] == "OK"
    assert command(stage, "Read", "topic", first) in answers["rights"]["remedy"]
    assert answers["positions"]["level"] == "OK"


@pytest.mark.timeout(240)
def test_the_relay_goes_on_once_it_may_write(secured: Secured, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A producer that was refused its id is given up: with the right given, the waiting receipts are published."""
    monkeypatch.setattr(receipts, "STALE_CLAIM_SECONDS", 1)
    secured.grant(user_of(stage), "TOPIC", f"hub.{stage.hub.district.id}.", "READ", "DESCRIBE_CONFIGS", prefixed=True)
    secured.grant(user_of(stage), "GROUP", stage.hub.workers_group, "READ")
    stage.worker()
    stage.send(bulk(SEED, 100))
    stage.caught_up()

    def waiting() -> int:
        with connect(stage.url) as conn:
            [(count,)] = conn.execute("SELECT count(*) FROM log.receipt_range WHERE published_at IS NULL").fetchall()
        return int(count)

    stop = Event()
    relay = Thread(target=run_relay, args=(stage.hub, stage.kafka, stage.url, stop, Meters()))
    relay.start()
    try:
        wait_for("the lack to be said", lambda: "--operation Write --topic hub." in caplog.text)
        assert waiting()
        grant_all(secured, stage)
        wait_for("all receipts to be published", lambda: waiting() == 0, 60)
    finally:
        stop.set()
        relay.join(40)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("password", "refuses the user hub-"), ("user", "refuses the user nobody"), ("mechanism", "does not offer PLAIN"),
        ("no TLS there", "no TLS connection"), ("no SASL", "HUB_KAFKA__SECURITY_PROTOCOL"),
    ],
)  # fmt: skip
def test_why_no_connection_comes_about_is_said(secured: Secured, stage: Stage, fault: str, told: str) -> None:
    """What a broker refuses is said within seconds, to an operator and to a bureau alike."""
    given = {
        "password": {"username": user_of(stage), "password": "wrong"},
        "user": {"username": "nobody", "password": PASSWORD},
        "mechanism": {"username": user_of(stage), "password": PASSWORD, "sasl_mechanism": "PLAIN"},
        "no TLS there": {"username": user_of(stage), "password": PASSWORD, "security_protocol": "SASL_SSL"},
        "no SASL": {"security_protocol": "PLAINTEXT"},
    }[fault]
    options = {"security_protocol": "SASL_PLAINTEXT"} | given
    began = time.monotonic()
    with pytest.raises(RuntimeProblem) as refused, administration(secured.servers, KafkaSettings(**options), answer_seconds_max=10):  # type: ignore[arg-type]
        pass
    assert told in str(refused.value)
    broker = KafkaBroker(ConnectorKafka(bootstrap_servers=secured.servers, start_seconds_max=10, **options))  # type: ignore[arg-type]
    [words] = broker.missing([("WRITE", stage.topic("industry"))])
    assert told in words
    assert time.monotonic() - began < 30


@contextmanager
def last_words_with_the_end(servers: str) -> Iterator[str]:
    """Stand between a client and a broker: what the broker says last arrives in one packet with the connection's end, as on a busy machine."""
    host, port = servers.split(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def onward(client: socket.socket) -> None:
        with client, socket.create_connection((host, int(port))) as broker:
            held = b""
            while True:
                ready, _, _ = select.select([client, broker], [], [], 0.3)
                if client in ready:
                    asked = client.recv(65_536)
                    if not asked:
                        return
                    broker.sendall(asked)
                    continue
                said = broker.recv(65_536) if broker in ready else None
                if said == b"":
                    client.send(held, socket.MSG_MORE)
                    client.shutdown(socket.SHUT_WR)
                    return
                # What nothing follows within the wait is not the last word, so it is passed on.
                if said is None and held:
                    client.sendall(held)
                held = held + said if said else b""

    def serve() -> None:
        with suppress(OSError):
            while True:
                Thread(target=onward, args=(listener.accept()[0],), daemon=True).start()

    Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_a_refusal_that_arrives_with_the_end_of_the_connection_is_heard(secured: Secured, stage: Stage) -> None:
    """A broker that says why and hangs up at once is not taken for a broken line."""
    settings = secured.settings(user_of(stage), "wrong")
    with (
        last_words_with_the_end(secured.servers) as servers,
        pytest.raises(RuntimeProblem, match="refuses the user hub-"),
        administration(servers, settings, answer_seconds_max=20),
    ):
        pass


def test_a_connector_learns_at_its_start_which_right_it_lacks(secured: Secured, stage: Stage, tmp_path: Path) -> None:
    """DESCRIBE alone lets it see its topic, not write to it: the start-up self-check tells, with the command."""
    user, topic = f"bureau-{tmp_path.name}", stage.topic("industry")
    secured.add_user(user)
    settings = ConnectorKafka(bootstrap_servers=secured.servers, security_protocol="SASL_PLAINTEXT", username=user, password=PASSWORD)  # type: ignore[arg-type]
    broker = KafkaBroker(settings)
    needs = [("WRITE", topic)]
    for right in ("DESCRIBE", "WRITE"):
        [words] = broker.missing(needs)
        assert f"User:{user} lacks WRITE on topic {topic}" in words
        assert f"--allow-principal User:{user} --operation Write --topic {topic}" in words
        secured.grant(user, "TOPIC", topic, right)
    wait_for("the right to be seen", lambda: broker.missing(needs) == [], 10)
