"""How errors meant for people end a command: in one message and an exit code, not in a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import psycopg
from pydantic import ValidationError

from exchange_hub.programme.district import DistrictError
from exchange_hub.runtime import logs
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.supervise import EXIT_FINAL
from exchange_hub.views.store.district import AnotherDistrictError

_ANOTHER_SCHEMA = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)


def _setting(place: tuple[int | str, ...]) -> str:
    return f"HUB_{'__'.join(map(str, place)).upper()}: " if place else ""


def _of(module: str, *names: str) -> tuple[type[Exception], ...]:
    """Return classes of errors of a module; none where nobody loaded it, for then nobody raised them and a reading command starts without it."""
    loaded = sys.modules.get(module)
    return tuple(getattr(loaded, name) for name in names) if loaded is not None else ()


def _either(*several: tuple[type[Exception], ...]) -> tuple[type[Exception], ...]:
    return tuple(kind for kinds in several for kind in kinds)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors meant for people into one message and exit code 1."""
    try:
        yield
    except _either((AnotherDistrictError,), _of("exchange_hub.views.store.stamp", "StampError")) as error:
        refused = click.ClickException(str(error))
        refused.exit_code = EXIT_FINAL  # a supervisor does not start it again: that cannot help
        raise refused from error
    except _either((RuntimeProblem, DistrictError), _of("exchange_hub.views.dated", "DatedFoldError"), _of("exchange_hub.views.worker.records", "DamagedTopicError")) as error:
        raise click.ClickException(str(error)) from error
    except _of("exchange_connectors.kit.errors", "NotReadyError", "PublishError") as error:
        raise click.ClickException(str(error)) from error
    except _of("kafka.errors", "KafkaError") as error:
        raise click.ClickException(f"Kafka refused or did not answer: {error}; `hub doctor` says which right or broker is missing") from error
    except ValidationError as error:
        if error.title != "Settings":
            raise
        wrong = "\n".join(f"  {_setting(e['loc'])}{e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        raise click.ClickException(f"settings are not as they must be (see `hub config`):\n{wrong}") from error
    except _either((psycopg.errors.InsufficientPrivilege, *_ANOTHER_SCHEMA), _of("sqlalchemy.exc", "ProgrammingError")) as error:
        if isinstance(getattr(error, "orig", error), psycopg.errors.InsufficientPrivilege):
            raise click.ClickException(
                f"this role of the database may not do that ({str(getattr(error, 'orig', error)).splitlines()[0]}); make, change, close and restore as the "
                "owner of the store (HUB_DATABASE__URL), and run `hub migrate` as the owner so that the other roles have what they need"
            ) from error
        if not isinstance(getattr(error, "orig", error), _ANOTHER_SCHEMA):
            raise
        told = str(getattr(error, "orig", error)).splitlines()[0]
        raise click.ClickException(
            f"the store is empty, or not of this version of the hub ({told}); "
            "an empty one is made by `hub up`, else see `hub doctor` and run `hub migrate`"
        ) from error
    except _either((psycopg.OperationalError, psycopg.InterfaceError), _of("sqlalchemy.exc", "DBAPIError")) as error:
        told = logs.without_passwords(next(iter(str(getattr(error, "orig", error)).strip().splitlines()), type(error).__name__))
        raise click.ClickException(
            f"the database does not answer as it must: {told}\n  to do: check that PostgreSQL runs and HUB_DATABASE__URL (host, port, user, password, database)"
        ) from error
    except OSError as error:
        # What cannot be written on standard output has no name, and is answered for by `hub` itself.
        if error.filename is None:
            raise
        raise click.ClickException(f"{error.filename} cannot be read or written: {error.strerror}") from error
    except KeyError as error:
        raise click.UsageError(str(error.args[0]) if error.args else str(error)) from error
