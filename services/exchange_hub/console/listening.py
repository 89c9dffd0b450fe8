"""Whether the console may listen where it is told to: asked before anything is started, and by the console itself."""

import ipaddress

from exchange_hub.console.accounts import Accounts
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import ConsoleSettings


def check(settings: ConsoleSettings, accounts: Accounts) -> None:
    """See that nobody gets in by accident.

    Raises:
        RuntimeProblem: the console would be reached from other machines, and has no login; or its users are not to be read.
    """
    if accounts.read() or is_loopback(settings.host):
        return
    raise RuntimeProblem(
        "The console would be open to everybody who reaches this machine: it has no login.",
        where=f"HUB_CONSOLE__HOST={settings.host}",
        remedy="Make a user with `hub console user add NAME --role reader`, or listen on 127.0.0.1. Nothing was started.",
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; a name other than localhost may lead anywhere."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
