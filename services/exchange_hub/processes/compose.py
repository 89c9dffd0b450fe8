"""The wiring: settings and district become topics, rules, stamp and connections. Nothing else wires anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from zlib import crc32

import psycopg

from exchange_connectors.settings import KafkaSettings as ConnectorKafka
from exchange_contracts.keys import normal_text
from exchange_contracts.topics import events_topic, receipts_topic
from exchange_hub.programme.calendar import CalendarError
from exchange_hub.programme.district import District
from exchange_hub.runtime import kafka_rights
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.leftovers import read_json
from exchange_hub.runtime.roles import give_rights
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.rules import ANY_BUREAU, FoldRules
from exchange_hub.views.store.commit import Context
from exchange_hub.views.store.deciding import Asked
from exchange_hub.views.store.district import refuse_another, remember
from exchange_hub.views.store.setup import connect, topics_of
from exchange_hub.views.store.stamp import Stamp, ensure_views, grown, stamp_of


@dataclass(frozen=True, slots=True)
class Hub:
    """A district with its settings, ready to be served."""

    settings: Settings
    district: District

    @classmethod
    def load(cls, settings: Settings | None = None) -> "Hub":
        """Read settings and district."""
        found = settings or Settings()
        district = District.load(found.district)
        layout, user = Layout(found.data_folder), kafka_rights.hub_user(district.id)
        password = layout.kafka_password(user)
        # Its own Kafka, whose users it makes itself; also where its address was named, as `hub up` prints it, and nothing else.
        is_own = found.kafka.bootstrap_servers is None or (
            found.kafka.username is None and password.exists() and found.kafka.bootstrap_servers == read_json(layout.state).get("bootstrap_servers")
        )
        return cls(found.model_copy(update={"kafka": found.kafka.as_user(user, password)}) if is_own else found, district)

    @property
    def event_topics(self) -> Mapping[str, str]:
        """Event topic → bureau, for everyone who publishes."""
        return {events_topic(self.district.id, bureau): bureau for bureau in self.district.publishers()}

    @property
    def receipt_topics(self) -> Mapping[str, str]:
        """Bureau → receipts topic."""
        return {bureau: receipts_topic(self.district.id, bureau) for bureau in self.district.publishers()}

    @property
    def users(self) -> Mapping[str, Sequence[kafka_rights.Right]]:
        """User of Kafka → its rights: the hub's own and each bureau's, as far as none was removed."""
        bureaus, district, layout = self.district.publishers(), self.district.id, Layout(self.settings.data_folder)
        named = {kafka_rights.bureau_user(district, bureau): kafka_rights.rights_of_bureau(district, bureau) for bureau in bureaus}
        admitted = {user: rights for user, rights in named.items() if not layout.kafka_removed(user).exists()}
        return {kafka_rights.hub_user(district): kafka_rights.rights_of_hub(district, bureaus, self.workers_group), **admitted}

    @property
    def workers_group(self) -> str:
        """The consumer group of the district's workers."""
        return f"hub.{self.district.id}.views"

    @property
    def stamp(self) -> Stamp:
        """The stamp of views that this process fills."""
        district = self.district
        domains = tuple(domain.name for domain in district.domains)
        return stamp_of(Asked(self.rules(), domains, tuple(sorted(district.calendar.years)), district.digest()))

    @property
    def district_no(self) -> int:
        """The district's advisory lock number."""
        return crc32(self.district.id.encode()) & 0x7FFFFFFF

    @property
    def reports_folder(self) -> Path:
        """Where rendered reports of closed months lie, ``<month>/report.docx`` and its siblings."""
        return self.settings.data_folder / "reports"

    def connector_kafka(self, bootstrap_servers: str, bureau: str | None = None) -> ConnectorKafka:
        """The broker as the connectors' public kit takes it, for a bureau's own user on the hub's own broker; else the hub publishes with it itself."""
        kafka = self.settings.kafka
        if bureau is not None and kafka.bootstrap_servers is None:
            user = kafka_rights.bureau_user(self.district.id, bureau)
            kafka = kafka.as_user(user, Layout(self.settings.data_folder).kafka_password(user))
        return ConnectorKafka(
            bootstrap_servers=bootstrap_servers, security_protocol=kafka.security_protocol, sasl_mechanism=kafka.sasl_mechanism,
            username=kafka.username, password=kafka.password, password_file=kafka.password_file, ssl_cafile=kafka.ssl_cafile, ssl_certfile=kafka.ssl_certfile,
            ssl_keyfile=kafka.ssl_keyfile,
        )  # fmt: skip

    def rules(self) -> FoldRules:
        """The configuration that the fold takes."""
        cache: dict[tuple[str, str, str], tuple[str, ...]] = {}

        def ranking(list_name: str, field: str, domain: str) -> tuple[str, ...]:
            key = (list_name, field, domain)
            if key not in cache:
                cache[key] = self.district.ranking(list_name, field, domain)
            return cache[key]

        plans = tuple((plan.kind, plan.bureau, plan.domain, plan.title) for plan in self.district.plans)
        duties = {bureau.code: frozenset(bureau.lists) for bureau in self.district.bureaus}
        tasks = {normal_text(task.no): (task.title, (*task.bureaus, *((ANY_BUREAU,) if task.everyone else ()))) for task in self.district.every_task}
        clock = self.district.profile.clock
        longer = {str(form): partial(self._due_on, form=form) for form in clock.longer}
        towns = {town.code: town.name for town in self.district.towns if town.code}
        units = {each.code: each.unit for each in self.district.indicators}
        return FoldRules(ranking, self._due_on, plans, self.district.counting_step, duties, clock.levels, longer, tasks, towns, units)

    def _due_on(self, received_on: date, form: str = "") -> date | None:
        try:
            return self.district.due_on(received_on, form)
        except CalendarError:
            return None

    def context(self, conn: psycopg.Connection, schema: str = "live") -> Context:
        """Everything a commit needs beside its batch."""
        return Context(topics_of(conn, self.event_topics), self.rules(), self.stamp, self.district_no, schema)

    def context_at(self, url: str) -> Context:
        """Everything it takes to fold the entities of the store at *url*."""
        with connect(url) as conn:
            return self.context(conn)

    def refuse_another_s(self, url: str) -> None:
        """See that the store is this district's, or nobody's yet; every command that opens it asks first.

        Raises:
            AnotherDistrictError: it is another district's.
        """
        with connect(url) as conn:
            refuse_another(conn, self.district.id)

    def prepare_store(self, url: str) -> None:
        """Bring the store to this version, keep in it whose it is, and make the live views where there are none.

        Raises:
            AnotherDistrictError: the store is another district's.
            StampError: lists were filled under another stamp.
        """
        from exchange_hub.runtime.migrating import migrate

        self.refuse_another_s(url)
        migrate(url)
        with connect(url) as conn:
            remember(conn, self.district.id)
            ensure_views(conn, self.stamp)
            with conn.transaction():
                conn.execute("SELECT pg_advisory_xact_lock(7404, 0)")
                give_rights(conn)

    def overtaken(self, url: str) -> frozenset[str]:
        """Return the kinds of entity that are to be filled anew because the district's calendar reaches further than it did."""
        from exchange_hub.runtime.migrating import migrate

        self.refuse_another_s(url)
        migrate(url)
        with connect(url) as conn, conn.transaction(), conn.cursor() as cur:
            return grown(cur, self.stamp)
