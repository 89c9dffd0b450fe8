"""The store that an earlier version closed, restored and migrated; see ``tests/golden/store_b41c509``."""

import hashlib
import json
import lzma
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from exchange_hub.runtime import postgres_tools
from exchange_hub.runtime.migrating import migrate
from exchange_hub.views.lists import LISTS
from exchange_hub.views.tables import LIVE, list_table
from tests.closing.store import database

FOLDER = Path(__file__).parents[1] / "golden" / "store_b41c509"
RENDERED: Mapping[str, Mapping[str, Any]] = json.loads((FOLDER / "rendered.json").read_text(encoding="utf-8"))


@contextmanager
def older_store() -> Iterator[tuple[sa.Engine, str]]:
    """The store as it was left, and its address; nothing is migrated yet."""
    with database() as engine, tempfile.TemporaryDirectory(prefix="hub-older-") as folder:
        dump = Path(folder) / "store.dump"
        dump.write_bytes(lzma.decompress((FOLDER / "store.dump.xz").read_bytes()))
        url = address(engine)
        postgres_tools.run("pg_restore", ["--no-owner", "--no-privileges", "-d", make_url(url).database or "", str(dump)], url, print)
        yield engine, url


#: What came after that version: name of the list, no column, new.
NEWER = frozenset({("support-sought", "", True)})


def carry_over(engine: sa.Engine, url: str) -> None:
    """Bring the store to this version, with tables for the lists that it did not know, as its rebuild leaves them: nobody spoke of them."""
    migrate(url)
    metadata = sa.MetaData()
    with engine.begin() as conn:
        for view in LISTS:
            conn.execute(sa.schema.CreateTable(list_table(view, LIVE, metadata), if_not_exists=True))


def address(engine: sa.Engine) -> str:
    """Return the address of a test's database, with its password."""
    with engine.connect() as conn:
        info = conn.connection.driver_connection.info  # type: ignore[union-attr]  # psycopg's
        return f"postgresql://{info.user}:{info.password}@/{info.dbname}?host={info.host}&port={info.port}"


def differing(month: str, folder: Path) -> list[str]:
    """Name what differs between the files of a month in *folder* and those that the earlier version rendered."""
    found = []
    for name, expected in RENDERED[month].items():
        content = (folder / name).read_bytes()
        if digest(content) == expected["sha256"]:
            continue
        found.append(name)
        if "members" in expected:
            with zipfile.ZipFile(folder / name) as package:
                members = {member: digest(package.read(member)) for member in package.namelist()}
            found += [f"{name}: {member}" for member in members | expected["members"] if members.get(member) != expected["members"].get(member)]
    return found


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
