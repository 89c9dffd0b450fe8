"""``hub console``: the pages and the API over the list views, and who may see them."""

import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.processes import supervised_option
from exchange_hub.console import gate
from exchange_hub.console.accounts import Accounts, Role
from exchange_hub.console.app import create_app
from exchange_hub.console.database import CONNECTIONS_MAX, DatabaseSource
from exchange_hub.console.health import PROBES_MAX
from exchange_hub.console.listening import is_loopback
from exchange_hub.console.making import Processes
from exchange_hub.console.serving import served
from exchange_hub.console.source import Place
from exchange_hub.processes.program import Program, program
from exchange_hub.runtime.instance_lock import bound
from exchange_hub.runtime.settings import Settings

log = logging.getLogger(__name__)


@click.group(invoke_without_command=True)
@supervised_option
@click.pass_context
def console(ctx: click.Context, *, supervised: bool) -> None:
    """Serve the console and the API; with `user`, say who may see them."""
    if ctx.invoked_subcommand is not None:
        return
    with plain_errors():
        settings = Settings()
        opened = gate.gate_of(settings.console, Accounts(settings.console_users))
    with plain_errors(), program("console", supervised=supervised, role="reader", metrics=False) as running:
        _serve(running, opened)


def _serve(running: Program, opened: gate.Gate) -> None:
    settings = running.hub.settings
    zone = ZoneInfo(running.hub.district.profile.time_zone)
    source = DatabaseSource(running.database_url, running.hub.rules(), connections=CONNECTIONS_MAX)
    probes = DatabaseSource(running.database_url, running.hub.rules(), connections=PROBES_MAX, comparing=source.comparing)
    exports = Processes(running.database_url)
    app = create_app(
        source, running.hub.reports_folder, lambda: datetime.now(zone), place=Place.of(running.hub.district), meters=running.meters,
        maker=exports, probes=probes, gate=opened,
    )  # fmt: skip
    port = running.meters.serve(settings.metrics.port, settings.metrics.host, app.state.health.refresh)
    log.info("metrics on http://%s:%d/metrics", settings.metrics.host, port)
    listening = bound(settings.console.host, settings.console.port, "HUB_CONSOLE__PORT")
    host, port = listening.getsockname()[:2]
    with served(app, listening, settings.console.tls_certfile, settings.console.tls_keyfile) as serving:
        log.info("console on %s://%s:%d", "https" if settings.console.tls_certfile else "http", host, port)
        if not is_loopback(host) and not settings.console.tls_certfile:
            log.warning("the console is reached from other machines without TLS: passwords can be read on the way (HUB_CONSOLE__TLS_CERTFILE)")
        while serving.is_alive() and not running.stop.wait(0.2):
            pass
    for each in (source, probes, exports):
        each.close()
    if not running.stop.is_set():
        raise click.ClickException("the console ended by itself; its log says why")


@console.group()
def user() -> None:
    """Say who may use the console; with the first user it asks everybody for a login.

    Passwords are asked for, or read as a line from the standard input; they never stand on a command line.
    """


_stdin = click.option("--stdin", is_flag=True, help="Read the password as one line from the standard input, instead of asking.")
_generated = click.option("--generate", is_flag=True, help="Make a password and print it, once.")


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="reader: pages and API; operator: also who is logged in.")
@_stdin
@_generated
def add(*, name: str, role: str, stdin: bool, generate: bool) -> None:
    """Make a user."""
    with _users() as users:
        made = _password(stdin=stdin, generate=generate)
        users.add(name, Role(role), made)
    click.echo(f"added: {name} ({role})")
    _show(made, generated=generate)


@user.command()
@click.argument("name")
@_stdin
@_generated
def password(*, name: str, stdin: bool, generate: bool) -> None:
    """Give a user another password; its logins end."""
    with _users() as users:
        made = _password(stdin=stdin, generate=generate)
        users.set_password(name, made)
    click.echo(f"changed: {name}; what was logged in with the old password has ended")
    _show(made, generated=generate)


@user.command()
@click.argument("name")
def remove(*, name: str) -> None:
    """Remove a user; its logins end."""
    with _users() as users:
        users.remove(name)
    click.echo(f"removed: {name}")


@user.command("list")
def list_() -> None:
    """Show the users and their roles."""
    with _users() as users:
        for name, account in users.read().items():
            click.echo(f"{name}  {account.role}")


@contextmanager
def _users() -> Iterator[Accounts]:
    with plain_errors():
        path: Path = Settings().console_users
        yield Accounts(path)


def _show(password: str, *, generated: bool) -> None:
    """Show a generated password, once it is somebody's."""
    if generated:
        click.echo(f"password (shown once): {password}")


def _password(*, stdin: bool, generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
