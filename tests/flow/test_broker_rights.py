"""The hub's own Kafka lets everybody do their own work and nothing else, tried with foreign clients: librdkafka and Kafka's own tool."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import confluent_kafka as confluent
import pytest
from click.testing import CliRunner, Result
from confluent_kafka import admin as kinds

from exchange_connectors.kit.broker import KafkaBroker, Message
from exchange_connectors.settings import ConnectorSettings
from exchange_contracts.topics import events_topic, receipts_topic
from exchange_hub.cli import main
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import admit_users, make_topics
from exchange_hub.runtime import kafka_rights, kafka_server, kafka_users
from exchange_hub.runtime.java import find_java
from exchange_hub.runtime.kafka_jars import provide
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.leftovers import read_json
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import KafkaSettings, Settings
from exchange_hub.runtime.topics import administration, end_offsets
from tests.faults.servers import Broker, free_ports, three_brokers
from tests.faults.stage import wait_for

DISTRICT = Path(__file__).parents[2] / "deploy/districts/wuqing"
MINE, OTHER = "industry", "finance"
EVENTS, RECEIPTS = events_topic("wuqing", MINE), receipts_topic("wuqing", MINE)
HUB = kafka_rights.hub_user("wuqing")
ADMINISTRATOR, PRINTED = "administrator", "as-printed-by-the-hub"
DENIED = ("TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")


@dataclass(frozen=True)
class Running:
    """A Kafka with the users of hub and bureaus; *passwords* has those that stand in no file of the data folder."""

    hub: Hub
    servers: str
    passwords: Mapping[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        return Layout(self.hub.settings.data_folder)

    def client(self, user: str, **more: Any) -> dict[str, Any]:
        """Options of librdkafka for a user."""
        password = self.passwords.get(user) or self.layout.kafka_password(user).read_text()
        return {
            "bootstrap.servers": self.servers, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": user,
            "sasl.password": password, "socket.timeout.ms": 10_000, "log_level": 0, **more,
        }  # fmt: skip


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A hub's own broker, taken over from a version whose broker took anybody, with one record from then."""
    folder = tmp_path_factory.mktemp("closed")
    shutil.copytree(DISTRICT, folder / "wuqing", ignore=shutil.ignore_patterns("samples"))
    settings = Settings(district=folder / "wuqing", data_dir=folder / "data")
    with running(settings, database=False, secured=False) as before:
        open_hub = Hub.load(settings.model_copy(update={"kafka": KafkaSettings(bootstrap_servers=before.bootstrap_servers)}))
        make_topics(open_hub, before.bootstrap_servers)
        early = confluent.Producer({"bootstrap.servers": before.bootstrap_servers, "log_level": 0})
        early.produce(EVENTS, b"from before", key=b"k")
        assert early.flush(30) == 0
        del early
    made = CliRunner().invoke(main, ["certificate", "localhost", "127.0.0.1"], env={"HUB_DATA_DIR": str(settings.data_folder)})
    assert made.exit_code == 0, made.output
    leaving = KafkaSettings(external_host="localhost", external_port=free_ports(1)[0])
    hub = Hub.load(settings.model_copy(update={"kafka": leaving}))
    with running(hub.settings, database=False) as servers:
        admit_users(hub, servers.bootstrap_servers)
        make_topics(hub, servers.bootstrap_servers)
        yield Running(hub, servers.bootstrap_servers)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Running]:
    """Three nodes that somebody else administers: a bureau's user and rights as `hub bureau rights` prints them, another's as `hub bureau rotate` makes them."""
    folder = tmp_path_factory.mktemp("cluster")
    shutil.copytree(DISTRICT, folder / "wuqing", ignore=shutil.ignore_patterns("samples"))
    secret = folder / "administrator"
    secret.write_text("of-three-nodes")
    with three_brokers(folder / "nodes", secret.read_text()) as (servers, nodes):
        plain = KafkaSettings().as_user(kafka_server.BROKER, secret, "PLAIN")
        kafka = KafkaSettings(bootstrap_servers=servers, replication_factor=3, admin_username=ADMINISTRATOR, admin_password_file=secret, security_protocol="SASL_PLAINTEXT", username=HUB, password_file=folder / "hub")
        hub = Hub.load(Settings(district=folder / "wuqing", data_dir=folder / "data", kafka=kafka))
        with administration(servers, plain) as admin:
            kafka_users.set_passwords(admin, {ADMINISTRATOR: secret.read_text()})
            kafka_users.admit(admin, {HUB: hub.users[HUB]}, {HUB: folder / "hub"})
        make_topics(hub, servers)
        environment = {
            "HUB_DISTRICT": str(folder / "wuqing"), "HUB_DATA_DIR": str(folder / "data"), "HUB_KAFKA__BOOTSTRAP_SERVERS": servers,
            "HUB_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT", "HUB_KAFKA__USERNAME": HUB, "HUB_KAFKA__PASSWORD_FILE": str(folder / "hub"),
            "HUB_KAFKA__ADMIN_USERNAME": ADMINISTRATOR, "HUB_KAFKA__ADMIN_PASSWORD_FILE": str(secret), "HUB_DATABASE__URL": postgres_server,
        }  # fmt: skip
        printed = CliRunner().invoke(main, ["bureau", "rights", MINE], env=environment).output
        _as_printed(printed, Running(hub, servers, {ADMINISTRATOR: secret.read_text()}), nodes[0], folder)
        rotated = CliRunner().invoke(main, ["bureau", "rotate", OTHER], env=environment)
        assert rotated.exit_code == 0, rotated.output
        found = re.search(r"^HUB_KAFKA__PASSWORD=(\S+)$", rotated.output, re.MULTILINE)
        assert found is not None
        yield Running(hub, servers, {HUB: (folder / "hub").read_text(), user(MINE): PRINTED, user(OTHER): found[1]})


def _as_printed(lines: str, there: Running, node: Broker, folder: Path) -> None:
    """Do what the printed commands say, as the administrator: the user by Kafka's own tool, the rights flag by flag by librdkafka."""
    (folder / "admin.properties").write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n"
        f'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="{ADMINISTRATOR}" password="{there.passwords[ADMINISTRATOR]}";\n'
    )
    configs, *acls = [shlex.split(line) for line in lines.splitlines() if line.startswith("kafka-")]
    arguments = [argument.replace("password=…", f"password={PRINTED}") for argument in configs[1:]]
    java = [str(node.kafka.java), "-Xmx128m", "-XX:TieredStopAtLevel=1", "kafka.admin.ConfigCommand"]
    ran = subprocess.run([*java, *arguments], env=node.kafka.environment, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    admin = kinds.AdminClient(there.client(ADMINISTRATOR))
    made = admin.create_acls([_binding(*arguments) for tool, *arguments in acls if tool == "kafka-acls.sh"])
    assert [done.result(30) for done in made.values()] == [None] * len(kafka_rights.rights_of_bureau("wuqing", MINE))


def _binding(*arguments: str) -> kinds.AclBinding:
    """The right that a command of ``kafka-acls.sh`` gives."""
    told = dict(pairwise(arguments))
    kind = "topic" if "--topic" in told else "group"
    pattern = kinds.ResourcePatternType[told.get("--resource-pattern-type", "literal").upper()]
    return kinds.AclBinding(kinds.ResourceType[kind.upper()], told[f"--{kind}"], pattern, told["--allow-principal"], "*", kinds.AclOperation[told["--operation"].upper()], kinds.AclPermissionType.ALLOW)


@pytest.fixture(params=["broker", "cluster"])
def anywhere(request: pytest.FixtureRequest) -> Running:
    """The hub's own broker, and an existing cluster of three nodes."""
    found: Running = request.getfixturevalue(request.param)
    return found


def user(bureau: str = MINE) -> str:
    return kafka_rights.bureau_user("wuqing", bureau)


def produced(options: dict[str, Any], topic: str, **more: Any) -> str:
    """What becomes of one record: the name of the error, empty where it was written."""
    told: list[str] = []
    producer = confluent.Producer({"message.timeout.ms": 10_000} | options | more)
    producer.produce(topic, b"forged", key=b"k", on_delivery=lambda error, _: told.append(error.name() if error else ""))
    producer.flush(20)
    return told[0] if told else "SILENCE"


def consumed(options: dict[str, Any], topic: str, seconds: int = 20) -> tuple[str, bytes | None]:
    """The first record of a topic: the name of the error, and the value."""
    consumer = confluent.Consumer({"group.id": f"{options['sasl.username']}.reader", "enable.auto.commit": False} | options)
    try:
        consumer.assign([confluent.TopicPartition(topic, 0, 0)])
        for _ in range(seconds * 10):
            record = consumer.poll(0.1)
            if record is not None:
                return (record.error().name(), None) if record.error() else ("", record.value())
        return "SILENCE", None
    finally:
        consumer.close()


def refused(action: Callable[[], object]) -> str:
    """The name of the error by which an action is refused, empty where it is not."""
    try:
        action()
    except confluent.KafkaException as error:
        return str(error.args[0].name())
    return ""


def test_what_was_there_before_the_users_is_still_there(broker: Running) -> None:
    """A data folder whose broker took anybody is taken over at the next start, without a record lost, and closed to strangers from then on."""
    assert consumed(broker.client(user()), EVENTS) == ("", b"from before")
    stranger = {"bootstrap.servers": broker.servers, "socket.timeout.ms": 3_000, "log_level": 0}
    assert produced(stranger, EVENTS, **{"message.timeout.ms": 4_000}) == "_MSG_TIMED_OUT"


def test_a_connector_on_this_machine_finds_its_user_by_itself(broker: Running) -> None:
    """With the data folder alone a bureau's connector writes its events, reads them again and reads its receipts."""
    found = ConnectorSettings(data_dir=broker.layout.root).broker(MINE, "wuqing")
    assert (found.bootstrap_servers, found.username) == (broker.servers, user())
    assert read_json(broker.layout.state)["bootstrap_servers"] == broker.servers
    kit = KafkaBroker(found)
    assert kit.missing([("WRITE", EVENTS), ("READ", EVENTS), ("READ", RECEIPTS)]) == []
    delivery = kit.send(EVENTS, Message(b"k", b"mine", []))
    kit.flush(20)
    assert delivery.offset() is not None
    kit.close()
    for path in [broker.layout.credentials, *broker.layout.credentials.iterdir(), broker.layout.kafka / "server.properties"]:
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_bureau_writes_its_own_events_and_nothing_else(anywhere: Running, idempotent: bool) -> None:
    """Its own receipts, another's events and receipts, the decisions of the coordination office: refused to librdkafka, idempotent or not."""
    options = anywhere.client(user(), **{"enable.idempotence": idempotent})
    assert produced(options, EVENTS) == ""
    others = [RECEIPTS, *(topic("wuqing", bureau) for bureau in (OTHER, "coordination") for topic in (events_topic, receipts_topic)), "__consumer_offsets", "hub.wuqing.new.events"]
    assert {topic: produced(options, topic) for topic in others} == dict.fromkeys(others, DENIED[0])


def test_a_bureau_reads_its_own_and_nothing_else(anywhere: Running) -> None:
    """Another's events and receipts cannot be read, nor even seen; no group can be joined, watched or moved."""
    options = anywhere.client(user())
    assert consumed(options, EVENTS)[0] == ""
    admin = kinds.AdminClient(options)
    for topic in (events_topic("wuqing", OTHER), receipts_topic("wuqing", OTHER)):
        assert consumed(options, topic, 2)[1] is None
        assert admin.list_topics(topic, timeout=10).topics[topic].error.name() == DENIED[0]
    assert set(admin.list_topics(timeout=10).topics) == {EVENTS, RECEIPTS}
    moved = confluent.ConsumerGroupTopicPartitions("hub.wuqing.views", [confluent.TopicPartition(EVENTS, 0, 0)])
    assert refused(lambda: admin.alter_consumer_group_offsets([moved])["hub.wuqing.views"].result(10)) == DENIED[1]
    assert refused(lambda: admin.describe_consumer_groups(["hub.wuqing.views"])["hub.wuqing.views"].result(10)) == DENIED[1]
    joining = confluent.Consumer(options | {"group.id": "hub.wuqing.views"})
    joining.subscribe([EVENTS])
    record = next((found for _ in range(100) if (found := joining.poll(0.1)) is not None), None)
    joining.close()
    assert record is not None
    assert record.error().name() == DENIED[1]


def test_a_bureau_changes_no_topic_user_right_or_transaction(anywhere: Running) -> None:
    """Topics cannot be made, emptied, deleted or set otherwise, users and rights not made, and no transactional id can be taken."""
    admin = kinds.AdminClient(anywhere.client(user()))
    acl = kinds.AclBinding(kinds.ResourceType.TOPIC, "hub.", kinds.ResourcePatternType.PREFIXED, f"User:{user()}", "*", kinds.AclOperation.ALL, kinds.AclPermissionType.ALLOW)
    scram = kinds.UserScramCredentialUpsertion(HUB, kinds.ScramCredentialInfo(kinds.ScramMechanism.SCRAM_SHA_512, 8192), b"taken-over")
    config = kinds.ConfigResource(kinds.ResourceType.TOPIC, EVENTS, incremental_configs=[kinds.ConfigEntry("retention.ms", "1", incremental_operation=kinds.AlterConfigOpType.SET)])
    cluster, topic = DENIED[2], DENIED[0]
    found = {
        "make": refused(lambda: admin.create_topics([kinds.NewTopic("mine", 1, 1)])["mine"].result(10)),
        "delete": refused(lambda: admin.delete_topics([EVENTS])[EVENTS].result(10)),
        "empty": refused(lambda: next(iter(admin.delete_records([confluent.TopicPartition(EVENTS, 0, 1)]).values())).result(10)),
        "set": refused(lambda: admin.incremental_alter_configs([config])[config].result(10)),
        "grant": refused(lambda: admin.create_acls([acl])[acl].result(10)),
        "user": refused(lambda: next(iter(admin.alter_user_scram_credentials([scram]).values())).result(10)),
    }
    assert found == {"make": topic, "delete": topic, "empty": topic, "set": topic, "grant": cluster, "user": cluster}
    for name in ("hub.wuqing", "hub.wuqing.industry.mine"):
        producer = confluent.Producer(anywhere.client(user(), **{"transactional.id": name}))
        assert refused(lambda producer=producer: producer.init_transactions(10)) == DENIED[3], name


def test_the_hub_cannot_forge_a_bureau_s_events(anywhere: Running) -> None:
    """Its user writes receipts and decisions, reads the district and its group, and neither writes an event of a bureau nor deletes a topic."""
    options = anywhere.client(HUB)
    assert [produced(options, topic) for topic in (RECEIPTS, events_topic("wuqing", "coordination"))] == ["", ""]
    assert {produced(options, events_topic("wuqing", bureau)) for bureau in (MINE, OTHER)} == {DENIED[0]}
    assert consumed(options | {"group.id": "hub.wuqing.views"}, EVENTS)[0] == ""
    admin = kinds.AdminClient(options)
    assert refused(lambda: admin.delete_topics([RECEIPTS])[RECEIPTS].result(10)) == DENIED[0]


def test_nobody_makes_itself_a_user_through_the_controller(broker: Running) -> None:
    """Kafka's own tool, without a password, is refused by the controller, whose port everybody on the machine reaches."""
    settings, layout = broker.hub.settings, broker.layout
    jars = provide(settings.cache_folder, settings.kafka.jar_repository)
    arguments = ["--alter", "--add-config", "SCRAM-SHA-512=[password=stranger-stranger]", "--entity-type", "users", "--entity-name", "stranger"]
    timeouts = layout.root / "stranger.properties"
    timeouts.write_text("default.api.timeout.ms=4000\nrequest.timeout.ms=3000\n")
    ran = subprocess.run(
        [
            str(find_java(settings)), "-Xmx128m", "-XX:TieredStopAtLevel=1", "kafka.admin.ConfigCommand", "--bootstrap-controller",
            f"127.0.0.1:{read_json(layout.kept)['kafka_controller_port']}", "--command-config", str(timeouts), *arguments,
        ],
        env={"CLASSPATH": os.pathsep.join(map(str, jars))}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode != 0, ran.stdout
    with administration(broker.servers, kafka_server.administrator(layout)) as admin:
        assert set(admin.describe_user_scram_credentials()) == set(broker.hub.users)


@pytest.fixture
def command(broker: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `hub …` for the broker's data folder; its database is not needed and named as one that is given."""
    monkeypatch.setenv("HUB_DISTRICT", str(broker.hub.settings.district))
    monkeypatch.setenv("HUB_DATA_DIR", str(broker.layout.root))
    return lambda *arguments, **more: CliRunner().invoke(main, list(arguments), **more)


def test_the_listener_that_leaves_the_machine_speaks_tls_and_knows_no_administrator(broker: Running) -> None:
    """A bureau elsewhere writes over TLS where it trusts the certificate; without TLS, without that trust, or as the broker's own user nobody gets in."""
    there = {"bootstrap.servers": f"localhost:{broker.hub.settings.kafka.external_port}", "message.timeout.ms": 4_000}
    trusting = there | {"security.protocol": "SASL_SSL", "ssl.ca.location": str(broker.layout.authority)}
    assert produced(broker.client(user(), **trusting | {"message.timeout.ms": 15_000}), EVENTS) == ""
    assert produced(broker.client(user(), **trusting | {"message.timeout.ms": 15_000}), RECEIPTS) == DENIED[0]
    lost = "_MSG_TIMED_OUT"
    assert produced(broker.client(user(), **there), EVENTS) == lost
    assert produced(broker.client(user(), **{name: value for name, value in trusting.items() if name != "ssl.ca.location"}), EVENTS) == lost
    assert produced(broker.client(kafka_server.BROKER, **trusting | {"sasl.mechanism": "PLAIN"}), EVENTS) == lost
    assert broker.layout.certificate.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" not in broker.layout.authority.read_text()


def test_kafka_does_not_leave_the_machine_without_tls(tmp_path: Path) -> None:
    """Asked for without a certificate, or with a key that others may read, the listener is refused before anything starts."""
    layout, kafka = Layout(tmp_path), KafkaSettings(external_host="hub.example")
    with pytest.raises(RuntimeProblem, match="no certificate"):
        kafka_server._external(kafka, layout)
    layout.credentials.mkdir()
    layout.certificate.write_text("key")
    layout.certificate.chmod(0o644)
    with pytest.raises(RuntimeProblem, match="Others"):
        kafka_server._external(kafka, layout)


def test_a_bureau_s_user_is_rotated_removed_and_made_again(broker: Running, command: Callable[..., Result], postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new password ends the old one, a removed user can do nothing at once and stays removed at the next start, and each line is shown once."""
    monkeypatch.setenv("HUB_DATABASE__URL", postgres_server)
    before = broker.client(user(OTHER))
    topic = events_topic("wuqing", OTHER)
    assert produced(before, topic) == ""
    shown = command("bureau", "rotate", OTHER)
    assert shown.exit_code == 0, shown.output
    after = broker.client(user(OTHER))
    assert f"HUB_KAFKA__PASSWORD={after['sasl.password']}" in shown.output
    assert (produced(before, topic, **{"message.timeout.ms": 4_000}), produced(after, topic)) == ("_MSG_TIMED_OUT", "")
    open_connection = confluent.Producer(after | {"message.timeout.ms": 3_000})
    open_connection.produce(topic, b"in time")
    assert open_connection.flush(10) == 0
    assert command("bureau", "remove", OTHER).exit_code == 0
    told: list[str] = []

    def is_refused() -> bool:
        open_connection.produce(topic, b"late", on_delivery=lambda error, _: told.append(error.name() if error else ""))
        open_connection.flush(10)
        return told[-1:] == [DENIED[0]]

    wait_for("an open connection to be refused", is_refused, 10)
    admit_users(broker.hub, broker.servers)
    with administration(broker.servers, kafka_server.administrator(broker.layout)) as admin:
        assert user(OTHER) not in admin.describe_user_scram_credentials()
    assert command("bureau", "rotate", OTHER).exit_code == 0
    wait_for("the user to be back", lambda: produced(broker.client(user(OTHER)), topic) == "", 10)


def test_rights_that_are_too_many_are_taken_back(broker: Running) -> None:
    """A right that somebody gave a bureau's user besides goes at the next start; what is in order is left as it is."""
    more = {user(): [*kafka_rights.rights_of_bureau("wuqing", MINE), kafka_rights.Right("TOPIC", RECEIPTS, "WRITE")]}
    passwords = {name: broker.layout.kafka_password(name) for name in broker.hub.users}
    with administration(broker.servers, kafka_server.administrator(broker.layout)) as admin:
        kafka_users.admit(admin, more, passwords)
        wait_for("the right to hold", lambda: produced(broker.client(user()), RECEIPTS) == "", 10)
        assert kafka_users.admit(admin, broker.hub.users, passwords) == []
        wait_for("the right to be gone", lambda: produced(broker.client(user()), RECEIPTS) == DENIED[0], 10)
        assert end_offsets(admin, [EVENTS])[EVENTS] > 0


def test_the_commands_for_an_administrator_are_the_rights(broker: Running, command: Callable[..., Result]) -> None:
    """What is printed for an existing Kafka says the same as what the hub makes on its own: literal but for the hub's own district."""
    shown = command("bureau", "rights").output.splitlines()
    acls = [line for line in shown if line.startswith("kafka-acls.sh")]
    assert len(acls) == sum(map(len, broker.hub.users.values()))
    assert {line.split("--add ")[1].split()[1] for line in acls if "--topic" in line and "prefixed" in line} == {"User:hub.wuqing"}
    assert not [line for line in acls if "--operation Write" in line and "User:hub.wuqing " in line and line.endswith(".events") and "coordination" not in line]
    assert command("bureau", "rights", "nobody").exit_code == 2
    assert broker.layout.kafka_password(user()).read_text() not in "".join(shown)
