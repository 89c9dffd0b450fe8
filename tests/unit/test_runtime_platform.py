"""The suite's choice of servers: given, Docker when asked for, else embedded."""

import pytest

from tests.platform import PLATFORMS, Choice, choose

GIVEN = {"HUB_KAFKA__BOOTSTRAP_SERVERS": "broker:9092", "HUB_DATABASE__URL": "postgresql://hub@db/hub"}


@pytest.mark.parametrize(
    ("environment", "choice"),
    [
        ({}, Choice.EMBEDDED),
        ({"HUB_TEST_PLATFORM": ""}, Choice.EMBEDDED),
        ({"HUB_TEST_PLATFORM": "embedded"}, Choice.EMBEDDED),
        ({"HUB_TEST_PLATFORM": "docker"}, Choice.DOCKER),
        (GIVEN, Choice.GIVEN),
        ({**GIVEN, "HUB_TEST_PLATFORM": "docker"}, Choice.GIVEN),
    ],
)
def test_given_servers_come_first_then_docker_then_embedded(environment: dict[str, str], choice: Choice) -> None:
    """The order is the one that the README promises."""
    assert choose(environment) is choice
    assert choice in PLATFORMS


@pytest.mark.parametrize(
    "environment",
    [
        {"HUB_TEST_PLATFORM": "podman"},
        {"HUB_DATABASE__URL": "postgresql://hub@db/hub"},
        {"HUB_KAFKA__BOOTSTRAP_SERVERS": "broker:9092"},
    ],
)
def test_an_unclear_choice_is_refused(environment: dict[str, str]) -> None:
    """A suite that runs elsewhere than asked would prove nothing."""
    with pytest.raises(ValueError, match="HUB_"):
        choose(environment)
