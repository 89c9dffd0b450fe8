"""``hub console``: the pages and the API over the list views."""

import logging
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import click
import uvicorn

from exchange_hub.cli.program import program, supervised_option
from exchange_hub.console.app import create_app
from exchange_hub.console.database import DatabaseSource
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
        source = DatabaseSource(running.database_url, running.hub.rules())
        app = create_app(
            source, running.hub.reports_folder, lambda: datetime.now(zone), place=Place.of(running.hub.district), meters=running.meters
        )
        listening = bound(settings.console.host, settings.console.port, "HUB_CONSOLE__PORT")
        host, port = listening.getsockname()[:2]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # signals belong to the program around it
        serving = threading.Thread(target=server.run, args=([listening],), name="console", daemon=True)
        serving.start()
        log.info("console on http://%s:%d", host, port)
        while serving.is_alive() and not running.stop.wait(0.2):
            pass
        server.should_exit = True
        serving.join(settings.worker.stop_grace_seconds)
        source.close()
        if not running.stop.is_set():
            raise click.ClickException("the console ended by itself; its log says why")
