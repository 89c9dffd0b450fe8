"""``hub database``: who may do what in the store."""

from urllib.parse import urlsplit

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.runtime.postgres_server import DATABASE
from exchange_hub.runtime.roles import script
from exchange_hub.runtime.settings import Settings


@click.group()
def database() -> None:
    """Say who may do what in the store."""


@database.command()
@click.option("--print", "shown", is_flag=True, help="Print the statements; nothing else is done with them.")
def roles(*, shown: bool) -> None:
    """Print the SQL by which an existing PostgreSQL gets the roles of workers and readers.

    The hub's own PostgreSQL has them from its start.
    """
    if not shown:
        raise click.UsageError("the roles of an existing server are made by its administrator: --print shows the statements")
    with plain_errors():
        url = Settings().database.url
        click.echo(script(urlsplit(url.get_secret_value()).path.strip("/") if url else DATABASE), nl=False)
