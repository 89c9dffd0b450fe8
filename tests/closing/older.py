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

from exchange_hub.processes.compose import Hub
from exchange_hub.runtime import postgres_tools
from exchange_hub.runtime.migrating import migrate
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.rebuild import rebuild
from exchange_hub.views.store.setup import connect
from tests.closing.store import database

DISTRICT = Path(__file__).parents[2] / "deploy/districts/wuqing"
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


#: What came after that version, or went: list, column (empty for the list itself), new.
NEWER = frozenset({
    ("returns", "", True), ("support-sought", "", True), ("safeguards", "", True), ("energy-stocks", "", True), ("equipment-lines", "", True), ("project-procedures", "", True), ("equipment-projects", "renewal", True), ("recycling-projects", "renewal", True), ("publicity", "", True), ("elimination", "", True), ("matches", "", True), *((name, "", True) for name in ("outlets", "project-claims", "outlet-claims")), ("enterprises", "town", True), ("materials", "town", True), ("problems", "responsible", True), ("problems", "due_on", True), ("problems", "meeting", True),
    ("problems", "state", True), *(("tasks", name, True) for name in ("title", "state", "quantity", "unit", "milestone", "due_on", "named")), ("funding-policies", "expired_before", True), *(("funding-policies", name, True) for name in ("consumer_domains", "central_percent", "local_percent", "successor_no")), ("funds", "carried_from", True), ("funds", "count", True),
    ("funds", "counted", True), ("funds", "first_paid_on", True), ("funds", "recovered_on", True), ("funds", "settled_on", True),
    *(("funds", name, True) for name in ("policy_version", "payee_uscc", "payee_token", "related_key")), *(("trade-in", name, True) for name in ("old_item", "buyer_token")), ("scrappage", "owner_token", True),
    *(("documents", name, True) for name in ("extended_by", "exempted_by")), ("submissions", "signed_copy_sha256", True), ("submissions", "explanation", True),
    *((listed, name, True) for listed in ("equipment-projects", "recycling-projects") for name in ("old_equipment", "new_equipment", "channel_sought", "contact_office")),
    ("funds", "unapproved", True), ("materials", "granularity", True), ("materials", "quantity", False), ("plans", "domain", True),
    ("plans", "expected", True), ("problems", "resolved_before", True), ("scrappage", "count", True), ("scrappage", "counted_on", True),
    ("scrappage", "granularity", True), ("submissions", "totals", True), ("trade-in", "return_no", True), ("trade-in", "sale_returned", True), ("trade-in", "step", True),
})  # fmt: skip


def carry_over(engine: sa.Engine, url: str) -> None:
    """Bring the store to this version: migrate it, and fill its lists anew from its own log as `hub rebuild` does."""
    engine.dispose()
    hub = Hub.load(Settings(district=DISTRICT))
    hub.refuse_another_s(url)
    migrate(url)
    with connect(url) as conn:
        context = hub.context(conn)
    rebuild(lambda: connect(url), context, lambda _progress: None)


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
