"""``hub console``: the pages and the API over the list views."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from exchange_hub.cli.program import program, supervised_option
from exchange_hub.console.app import create_app
from exchange_hub.console.database import CONNECTIONS_MAX, DatabaseSource
from exchange_hub.console.health import PROBES_MAX
from exchange_hub.console.making import Processes
from exchange_hub.console.serving import served
from exchange_hub.console.source import Place
from exchange_hub.runtime.instance_lock import bound

log = logging.getLogger(__name__)


@click.command()
@supervised_option
def console(*, supervised: bool) -> None:
    """Serve the console and the API."""
    with program("console", supervised=supervised, metrics=False) as running:
        settings = running.hub.settings
        zone = ZoneInfo(running.hub.district.profile.time_zone)
        source, probes = (DatabaseSource(running.database_url, running.hub.rules(), connections=most) for most in (CONNECTIONS_MAX, PROBES_MAX))
        exports = Processes(running.database_url)
        app = create_app(
            source, running.hub.reports_folder, lambda: datetime.now(zone), place=Place.of(running.hub.district), meters=running.meters,
            maker=exports, probes=probes,
        )  # fmt: skip
        listening = bound(settings.console.host, settings.console.port, "HUB_CONSOLE__PORT")
        host, port = listening.getsockname()[:2]
        with served(app, listening) as serving:
            log.info("console on http://%s:%d", host, port)
            while serving.is_alive() and not running.stop.wait(0.2):
                pass
        for each in (source, probes, exports):
            each.close()
        if not running.stop.is_set():
            raise click.ClickException("the console ended by itself; its log says why")
