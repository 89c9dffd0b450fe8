"""Settings: read from the environment once, described in full, secrets never shown."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from exchange_hub.runtime.settings import MASK, Settings, describe


def test_nested_names_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """HUB_KAFKA__BOOTSTRAP_SERVERS and its like reach the group and field that they name."""
    monkeypatch.setenv("HUB_KAFKA__BOOTSTRAP_SERVERS", "broker-1:9092,broker-2:9092")
    monkeypatch.setenv("HUB_CACHE", "/srv/cache")
    monkeypatch.setenv("HUB_CONSOLE__PORT", "9000")
    settings = Settings()
    assert settings.kafka.bootstrap_servers == "broker-1:9092,broker-2:9092"
    assert settings.cache_folder == Path("/srv/cache")
    assert settings.console.port == 9000


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compose file that passes an unset variable on as an empty one changes nothing."""
    monkeypatch.setenv("HUB_DATABASE__URL", "")
    assert Settings().database.url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("HUB_KAFKA__BOOTSTRAP_SERVER", "x"), ("HUB_CONSOLE__PORT", "70000"), ("HUB_LOG__FORMAT", "xml")],
)
def test_a_misspelt_or_impossible_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A group's unknown name and a value out of its range are errors, never ignored."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_every_setting_says_what_it_means() -> None:
    """`hub config` has one line a setting, with the variable's name and a sentence."""
    lines = describe(Settings(), {})
    assert len({line.name for line in lines}) == len(lines) > 30
    for line in lines:
        assert re.fullmatch(r"(HUB_[A-Z_]+|JAVA_HOME)", line.name)
        assert line.meaning.endswith("."), line.name
        assert len(line.meaning) > 10, line.name


def test_the_source_of_a_value_is_named() -> None:
    """A default, a variable and a value set by the program are told apart."""
    environment = {"HUB_DATA_DIR": "/srv/hub", "HUB_LOG__LEVEL": ""}
    settings = Settings(data_dir=Path("/srv/hub"), district=Path("/srv/other"))
    source = {line.name: line.source for line in describe(settings, environment)}
    assert source["HUB_DATA_DIR"] == "environment HUB_DATA_DIR"
    assert source["HUB_DISTRICT"] == "given by the program"
    assert source["HUB_LOG__LEVEL"] == "default"


def test_secrets_are_masked_and_addresses_keep_their_host() -> None:
    """A password is never shown; of an address, everything else is."""
    settings = Settings()
    settings = settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update={"password": SecretStr("s3cret")}),
            "database": settings.database.model_copy(
                update={"url": SecretStr("postgresql://hub:s3cret@db.example:5432/hub")}
            ),
        }
    )
    value = {line.name: line.value for line in describe(settings, {})}
    assert value["HUB_KAFKA__PASSWORD"] == MASK
    assert value["HUB_DATABASE__URL"] == f"postgresql://hub:{MASK}@db.example:5432/hub"
    assert "s3cret" not in repr(settings)


def test_client_options_hold_only_what_the_protocol_needs() -> None:
    """A plain connection carries no SASL options; SASL_SSL carries user, password and the authority's file."""
    plain = Settings().kafka
    assert plain.client_options() == {"security_protocol": "PLAINTEXT"}
    secured = plain.model_copy(
        update={
            "security_protocol": "SASL_SSL",
            "username": "hub",
            "password": SecretStr("s3cret"),
            "ssl_cafile": Path("/etc/ca.pem"),
        }
    )
    assert secured.client_options() == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "hub",
        "sasl_plain_password": "s3cret",
        "ssl_cafile": "/etc/ca.pem",
    }
