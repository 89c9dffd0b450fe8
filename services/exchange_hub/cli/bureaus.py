"""``hub bureau``: a bureau's entry in the district, its topics, its user of Kafka and its rights."""

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from kafka import KafkaAdminClient

from exchange_contracts.topics import events_topic
from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics, open_servers
from exchange_hub.programme.district import FILES, District, DistrictError
from exchange_hub.runtime import kafka_rights, kafka_server, kafka_users
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.secret_files import kept_secret, new_secret, write_closed
from exchange_hub.runtime.servers import Servers
from exchange_hub.runtime.settings import Settings
from exchange_hub.runtime.topics import administration
from exchange_hub.views.lists import BY_NAME


@click.group()
def bureau() -> None:
    """Add a bureau to the district, and give it a user of Kafka, rights and topics of its own."""


@bureau.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only validate; write nothing.")
@click.option("--no-topics", is_flag=True, help="Make no topics and no user now; `hub up` makes them at its start, on the hub's own Kafka.")
def add(*, file: Path, dry_run: bool, no_topics: bool) -> None:
    """Add the [[bureau]] entries of FILE (TOML) to the district's bureaus.toml, and make their topics and users.

    The file is validated together with the whole district first. Comments of both files are kept. What a bureau's
    connector needs is printed once; on an existing Kafka without an administrator's user, what its administrator runs.
    """
    with plain_errors():
        settings = Settings()
        text = with_bureaus(settings.district, file)
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["bureau"]
        codes = [str(entry["code"]) for entry in entries]
        if dry_run:
            click.echo(f"valid: {', '.join(codes)}; nothing was written")
            return
        replace_text(settings.district / "bureaus.toml", text)
        click.echo(f"added to {settings.district / 'bureaus.toml'}: {', '.join(codes)}")
        hub = Hub.load(settings)
        if not no_topics:
            publishing = [code for code in codes if code in hub.district.publishers()]
            with open_servers(hub) as servers:
                make_topics(hub, servers.bootstrap_servers)
                click.echo("topics are there: " + ", ".join(events_topic(hub.district.id, code) for code in publishing))
                for code in publishing:
                    _admit(hub, servers, code)
    click.echo("a running `hub up` takes it up within seconds, nothing is stopped; workers that run without it are to be started again")


@bureau.command()
@click.argument("code")
def rotate(*, code: str) -> None:
    """Give a bureau's user another password, and print its lines once; a user that was removed is made again."""
    with plain_errors():
        hub = _hub_with(code)
        with open_servers(hub) as servers:
            _admit(hub, servers, code, again=True)


@bureau.command()
@click.argument("code")
def remove(*, code: str) -> None:
    """Take a bureau's user and its rights away, at once; its topics and its entry in the district stay."""
    with plain_errors():
        hub = _hub_with(code)
        user, layout = kafka_rights.bureau_user(hub.district.id, code), Layout(hub.settings.data_folder)
        with open_servers(hub) as servers, _administrator(hub, servers) as admin:
            if admin is None:
                click.echo("\n".join(kafka_users.removal(user, servers.bootstrap_servers)))
                return
            if hub.settings.kafka.bootstrap_servers is None:
                write_closed(layout.kafka_removed(user), "")
            kafka_users.dismiss(admin, user)
            layout.kafka_password(user).unlink(missing_ok=True)
    click.echo(f"removed: {user}, with every right; `hub bureau rotate {code}` makes it again")


@bureau.command()
@click.argument("code", required=False)
def rights(*, code: str | None) -> None:
    """Print the commands by which an administrator of an existing Kafka makes users and rights: a bureau's, or the hub's and everybody's."""
    with plain_errors():
        hub = Hub.load() if code is None else _hub_with(code)
        chosen = hub.users if code is None else {user: hub.users[user] for user in [kafka_rights.bureau_user(hub.district.id, code)]}
        servers = hub.settings.kafka.bootstrap_servers or "<servers>"
        for user, wanted in chosen.items():
            click.echo("\n".join(kafka_users.commands(user, wanted, servers)))


@bureau.command()
def towns() -> None:
    """Show the towns, streets and parks of the district as reporters: code, name, kind, and who reports."""
    with plain_errors():
        district = District.load(Settings().district)
        for town in district.towns:
            state = events_topic(district.id, town.code) if town.reports else "does not report (towns.toml: reports = true)"
            click.echo("\t".join((town.code or "-", town.name, town.kind, state)))


def _hub_with(code: str) -> Hub:
    hub = Hub.load()
    if code not in hub.district.publishers():
        raise click.UsageError(f"no bureau {code} with a topic in {hub.district.name}; there are {', '.join(hub.district.publishers())}")
    return hub


@contextmanager
def _administrator(hub: Hub, servers: Servers) -> Iterator[KafkaAdminClient | None]:
    """A client that may make users and rights; None where no such user of an existing Kafka is named."""
    kafka = hub.settings.kafka
    if kafka.bootstrap_servers is None:
        kafka = kafka_server.administrator(Layout(hub.settings.data_folder))
    elif kafka.admin_username and kafka.admin_password_file:
        kafka = kafka.as_user(kafka.admin_username, kafka.admin_password_file, kafka.sasl_mechanism)
    else:
        yield None
        return
    with administration(servers.bootstrap_servers, kafka) as admin:
        yield admin


def _admit(hub: Hub, servers: Servers, code: str, *, again: bool = False) -> None:
    """Make a bureau's user and rights and print its lines; with *again* it has another password."""
    user, layout = kafka_rights.bureau_user(hub.district.id, code), Layout(hub.settings.data_folder)
    kafka, wanted = hub.settings.kafka, kafka_rights.rights_of_bureau(hub.district.id, code)
    with _administrator(hub, servers) as admin:
        if admin is None:
            click.echo("whoever administers Kafka runs:")
            click.echo("\n".join(kafka_users.commands(user, wanted, servers.bootstrap_servers)))
            return
        own = kafka.bootstrap_servers is None
        path = layout.kafka_password(user) if own else Path(tempfile.mkdtemp(prefix="xhub-")) / "password"
        try:
            secret = new_secret(path) if again or not own else kept_secret(path)
            kafka_users.set_passwords(admin, {user: secret})
            kafka_users.admit(admin, {user: wanted}, {user: path})
        finally:
            if not own:
                shutil.rmtree(path.parent)
        layout.kafka_removed(user).unlink(missing_ok=True)
    click.echo(f"for the connector of {code}, shown once (a file of its own, mode 0600, named by HUB_KAFKA__PASSWORD_FILE, is better than the last line):")
    leaves = own and kafka.external_host is not None
    click.echo(f"HUB_KAFKA__BOOTSTRAP_SERVERS={f'{kafka.external_host}:{kafka.external_port}' if leaves else servers.bootstrap_servers}")
    click.echo(f"HUB_KAFKA__SECURITY_PROTOCOL={'SASL_SSL' if leaves else kafka.security_protocol}")
    if leaves and kafka.external_pemfile is None:
        click.echo(f"HUB_KAFKA__SSL_CAFILE=<a copy of {layout.authority}>")
    click.echo(f"HUB_KAFKA__SASL_MECHANISM={kafka_users.MECHANISM}")
    click.echo(f"HUB_KAFKA__USERNAME={user}")
    click.echo(f"HUB_KAFKA__PASSWORD={secret}")


def with_bureaus(folder: Path, file: Path) -> str:
    """Return the text of bureaus.toml with the entries of *file* behind it, validated as a part of the district.

    Raises:
        DistrictError: the file holds something else, or the district would have problems; all are listed.
    """
    try:
        more = file.read_text(encoding="utf-8")
        entries = tomllib.loads(more)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DistrictError([f"{file}: is not TOML in UTF-8: {error}"]) from error
    if list(entries) != ["bureau"] or not isinstance(entries["bureau"], list) or not entries["bureau"]:
        raise DistrictError([f"{file}: must hold [[bureau]] entries and nothing else"])
    District.load(folder)
    tables: dict[str, Mapping[str, Any]] = {
        name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES
    }
    text = (folder / "bureaus.toml").read_text(encoding="utf-8").rstrip("\n") + "\n\n" + more.strip("\n") + "\n"
    tables["bureaus"] = tomllib.loads(text)
    district = District.of(tables)
    problems = [*_code_problems(district, [entry.get("code") for entry in entries["bureau"]])]
    if problems:
        raise DistrictError(problems)
    return text


def _code_problems(district: District, added: list[Any]) -> Iterator[str]:
    for code in added:
        try:
            events_topic(district.id, code)
        except ValueError:
            yield f"bureaus.toml: {code!r} cannot stand in a topic name: a-z, 0-9 and hyphens, 2 to 40 characters"
    for entry in district.bureaus:
        if entry.code in added:
            yield from (f"bureaus.toml: {entry.code}: there is no list {name}" for name in entry.lists if name not in BY_NAME)


def replace_text(path: Path, text: str) -> None:
    """Replace a file as a whole, with the mode it had; a crash leaves the old one or the new one."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(path.stat().st_mode & 0o777)
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    draft.replace(path)
