"""``hub worker`` and ``hub relay``: one process of the hub each, as ``hub up`` starts and supervises them."""

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.program import program

#: Given by `hub up` to the processes it starts: they end when it is gone.
supervised_option = click.option("--supervised", is_flag=True, hidden=True)


@click.command()
@supervised_option
@click.option("--number", default=1, hidden=True, help="Number among the workers of one machine, in log names.")
def worker(*, supervised: bool, number: int) -> None:
    """Run one Faust worker that fills the views."""
    from exchange_hub.processes.worker import Worker

    with plain_errors(), program(f"worker-{number}", supervised=supervised, signals=False) as running:
        Worker(running).run()


@click.command()
@supervised_option
def relay(*, supervised: bool) -> None:
    """Publish receipts to the bureaus' receipt topics."""
    from exchange_hub.processes.relay import run_relay

    with plain_errors(), program("relay", supervised=supervised) as running:
        run_relay(running.hub, running.bootstrap_servers, running.database_url, running.stop, running.meters)
