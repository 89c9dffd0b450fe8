"""``hub certificate``: a certificate of the hub's own, where the district has no authority that gives one."""

import ipaddress
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from exchange_hub.cli.errors import plain_errors
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.secret_files import write_closed
from exchange_hub.runtime.servers import make_folders
from exchange_hub.runtime.settings import Settings

DAYS = 825
_NAME_LENGTH_MAX = 253
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Make another one in the place of the one that is there.")
def certificate(*, names: tuple[str, ...], replace: bool) -> None:
    """Make a certificate for NAMES (host names or addresses) that signs itself: clients trust the one file that is printed.

    It serves Kafka's listener for other machines (HUB_KAFKA__EXTERNAL_HOST), and the console (HUB_CONSOLE__TLS_CERTFILE).
    """
    with plain_errors():
        for name in names:
            if not _is_host(name):
                raise click.UsageError(f"{name!r} is no host name and no address")
        layout = Layout(Settings().data_folder)
        if layout.certificate.exists() and not replace:
            raise click.UsageError(f"{layout.certificate} exists already; --replace makes another, which every client has to be given")
        make_folders(layout)
        layout.credentials.mkdir(exist_ok=True, mode=0o700)
        public, key = _made(names)
        write_closed(layout.certificate, key + public)
        write_closed(layout.authority, public)
    click.echo(f"certificate and key, for this machine alone: {layout.certificate}")
    click.echo(f"for clients (HUB_KAFKA__SSL_CAFILE): {layout.authority}; valid for {DAYS} days")


def _made(names: tuple[str, ...]) -> tuple[str, str]:
    """Return certificate and key as PEM, made by the machine's openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise RuntimeProblem("The program openssl is not on this machine.", where="PATH", remedy="Install it, or take a certificate of the district's authority.")
    with tempfile.TemporaryDirectory(prefix="xhub-") as folder:
        key, public = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(DAYS), "-subj", f"/CN={names[0]}"]
        arguments += ["-addext", "subjectAltName=" + ",".join(map(_alternative, names)), "-keyout", str(key), "-out", str(public)]
        ran = subprocess.run([openssl, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - a program that was found, arguments built here
        if ran.returncode:
            raise RuntimeProblem(f"openssl made no certificate: {ran.stderr.strip().splitlines()[-1]}", where=", ".join(names), remedy="Check the names.")
        return public.read_text(), key.read_text()


def _is_host(name: str) -> bool:
    """Tell whether a client could reach anything under this name: an address, or a name of labels, the first perhaps a star."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return len(name) <= _NAME_LENGTH_MAX and _HOST.fullmatch(name) is not None
    return True


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"
