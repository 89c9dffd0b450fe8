"""``hub up``: the whole hub on this machine — servers, workers, relay, console — until Ctrl-C."""

import sys
import threading

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.console import listening
from exchange_hub.console.accounts import Accounts
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.taking_up import FolderWatch, addresses, take_up
from exchange_hub.runtime import logs
from exchange_hub.runtime.instance_lock import check_ports, free_port, only_hub
from exchange_hub.runtime.servers import Servers, running
from exchange_hub.runtime.supervise import Child, Supervisor, stop_on_signals


def children(hub: Hub, servers: Servers, *, free_ports: bool = False, terminal: str | None = None, console_port: int = 0) -> list[Child]:
    """Return the processes of the hub, in the order of their start.

    Args:
        hub: settings and district.
        servers: servers that run.
        free_ports: let each process find a free port for its metrics.
        terminal: least severity that the processes show on the terminal, instead of the setting.
        console_port: port of the console, instead of the setting.
    """
    settings = hub.settings
    grace = settings.worker.stop_grace_seconds
    port = 0 if free_ports else settings.metrics.port
    shown = {"HUB_LOG__TERMINAL": terminal} if terminal else {}
    listens = {"HUB_CONSOLE__PORT": str(console_port)} if console_port else {}
    # Each process has the address of its own role, and no other's.
    shared = shown | listens | addresses(hub, servers) | dict.fromkeys(("HUB_DATABASE__WORKER_URL", "HUB_DATABASE__READER_URL"), "")

    def child(name: str, place: int, *arguments: str) -> Child:
        url = servers.reader_url if name == "console" else servers.worker_url
        environment = {**shared, "HUB_DATABASE__URL": url, "HUB_METRICS__PORT": str(port + place if port else 0)}
        return Child(name, [sys.executable, "-m", "exchange_hub", *arguments, "--supervised"], environment, grace)

    count = settings.worker.processes
    workers = [child(f"worker-{n}", n - 1, "worker", "--number", str(n)) for n in range(1, count + 1)]
    return [*workers, child("relay", count, "relay"), child("console", count + 1, "console")]


@click.command()
def up() -> None:
    """Run the whole hub on this machine until Ctrl-C."""
    with plain_errors():
        hub = Hub.load()
        logs.configure(hub.settings, "up")
        stop = stop_on_signals()
        with only_hub(hub.settings):
            check_ports(hub.settings)
            listening.check(hub.settings.console, Accounts(hub.settings.console_users))
            with running(hub.settings) as servers:
                take_up(hub, servers)
                console = hub.settings.console
                port = console.port or free_port(console.host)
                scheme = "https" if console.tls_certfile else "http"
                click.echo(f"{hub.district.name}“两新”数据交换中枢已启动：{scheme}://{console.host}:{port}（按 Ctrl-C 停止）")
                click.echo(f"Kafka {servers.bootstrap_servers}（连接器在别处运行时，设 HUB_KAFKA__BOOTSTRAP_SERVERS）")
                supervisor = Supervisor(children(hub, servers, console_port=port))
                threading.Thread(target=FolderWatch(hub, servers, supervisor).run, args=(stop,), name="folder-watch", daemon=True).start()
                supervisor.run(stop)
    click.echo("已停止。")
