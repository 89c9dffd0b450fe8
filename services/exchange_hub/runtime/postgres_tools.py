"""PostgreSQL's own tools (pg_dump, pg_restore, psql), run against an address without showing its password to anybody."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg import conninfo

from exchange_hub.runtime.postgres_server import WHEEL
from exchange_hub.runtime.problem import RuntimeProblem

_VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip


def tool(name: str) -> Path:
    """Find a tool: the wheel's, which is as new as the hub's own server, else the machine's.

    Raises:
        RuntimeProblem: neither is there.
    """
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is not None and spec.origin is not None:
        installs = sorted(Path(spec.origin).parent.glob("pginstall[0-9]*"))
        if installs and (installs[-1] / "bin" / name).exists():
            return installs[-1] / "bin" / name
    found = shutil.which(name)
    if found is None:
        raise RuntimeProblem(
            f"PostgreSQL's {name} is not installed.", where=f"the wheel {WHEEL}, PATH",
            remedy="Install the extra `embedded`, or PostgreSQL's client tools.",
        )  # fmt: skip
    return Path(found)


def environment_of(url: str) -> dict[str, str]:
    """Return the environment in which a tool reaches *url*: on a command line its password would be everybody's."""
    parts = conninfo.conninfo_to_dict(url)
    named = {_VARIABLES[name]: str(value) for name, value in parts.items() if name in _VARIABLES}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "PGAPPNAME": "hub tools", **named}


def run(name: str, arguments: Sequence[str], url: str, note: Callable[[str], None]) -> None:
    """Run a tool to its end; *note* is told each line that it says.

    Raises:
        RuntimeProblem: it failed; what it said last is in the message.
    """
    with started(name, arguments, environment_of(url), stderr=subprocess.PIPE) as process:
        said = [""]
        for line in process.stderr or ():
            said.append(line.decode(errors="replace").strip())
            note(said[-1])
    finish(name, process, said)


@contextmanager
def started(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], *, stdin: int | None = None,
    stdout: int | None = None, stderr: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """Yield a running tool; it is ended where the block raises."""
    process = subprocess.Popen(  # noqa: S603 - a tool that was found, arguments built here
        [str(tool(name)), *arguments], env=dict(environment), stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def finish(name: str, process: subprocess.Popen[bytes], said: Sequence[str]) -> None:
    """Raise where a tool that has ended failed."""
    if process.wait() != 0:
        telling = [line for line in said if "error" in line.lower() or "FATAL" in line] or list(said)
        raise RuntimeProblem(
            f"{name} failed: {telling[-1] if telling else 'without a word'}", where=f"exit code {process.returncode}",
            remedy="Mend what it names (rights, disk, version), then start again; nothing was left half done.",
        )  # fmt: skip
