"""`hub clean`: what is not the hub's stays, data goes only when it is meant, links are never followed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exchange_hub.cli import main
from exchange_hub.cli.housekeeping import is_own


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a data folder and a cache of the hub's, and something of somebody else's."""
    for name in ("data/kafka/log", "data/postgres", "data/logs", "cache/maven/org", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("data/kafka/log/0.log", "data/postgres.password", "cache/maven/org/a.jar", "elsewhere/precious"):
        (tmp_path / name).write_text("x")
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def clean(*options: str) -> Result:
    """Run the command without a terminal."""
    return CliRunner().invoke(main, ["clean", *options])


def test_without_options_nothing_goes_where_nobody_can_answer(place: Path) -> None:
    """Without a terminal and without options it tells what there is and removes nothing."""
    done = clean()
    assert done.exit_code == 0, done.output
    assert "data:" in done.output
    assert (place / "data/kafka/log/0.log").exists()
    assert (place / "cache/maven/org/a.jar").exists()


def test_data_needs_an_answer(place: Path) -> None:
    """Data goes with `--data --yes`; without the answer and without a terminal it is a usage error."""
    assert clean("--data").exit_code == 2
    assert (place / "data/kafka").exists()
    assert clean("--data", "--yes").exit_code == 0
    assert not (place / "data").exists()
    assert (place / "cache/maven/org/a.jar").exists()


def test_the_cache_goes_alone(place: Path) -> None:
    """`--cache` removes what can be fetched again, and never the data."""
    assert clean("--cache").exit_code == 0
    assert not (place / "cache").exists()
    assert (place / "data/kafka/log/0.log").exists()


def test_what_is_not_the_hubs_stays(place: Path) -> None:
    """A stranger's file in the data folder stays, and the folder with it."""
    (place / "data/notes.txt").write_text("mine")
    done = clean("--data", "--yes")
    assert done.exit_code == 0, done.output
    assert [path.name for path in (place / "data").iterdir()] == ["notes.txt"]
    assert "notes.txt" in done.output


def test_links_are_removed_not_followed(place: Path) -> None:
    """A link inside the data folder goes as a link; what it points to stays, at any depth."""
    (place / "data/reports").symlink_to(place / "elsewhere")
    (place / "data/kafka/link").symlink_to(place / "elsewhere")
    assert clean("--data", "--yes").exit_code == 0
    assert (place / "elsewhere/precious").read_text() == "x"
    assert not (place / "data").exists()


def test_a_data_folder_that_is_a_link_is_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the data folder itself is a link, it is said where it points, and nothing is removed."""
    (place / "link").symlink_to(place / "data")
    monkeypatch.setenv("HUB_DATA_DIR", str(place / "link"))
    done = clean("--data", "--yes")
    assert "is left alone" in done.output
    assert (place / "data/kafka/log/0.log").exists()


def test_a_folder_without_the_hubs_marks_is_nobodys(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder named by mistake, which holds nothing that the hub makes, is not touched."""
    monkeypatch.setenv("HUB_DATA_DIR", str(place / "elsewhere"))
    monkeypatch.setenv("HUB_CACHE", str(place / "elsewhere"))
    done = clean("--data", "--cache", "--yes")
    assert (done.exit_code, "nothing of the hub's" in done.output) == (0, True)
    assert (place / "elsewhere/precious").exists()


def test_a_kept_file_cannot_name_other_folders(place: Path) -> None:
    """Folders outside that the data folder's own file names are removed only where the hub makes such folders."""
    (place / "data/servers-kept.json").write_text(
        f'{{"postgres_data": "{place / "elsewhere"}", "postgres_socket": "{place / "elsewhere"}"}}'
    )
    assert clean("--data", "--yes").exit_code == 0
    assert (place / "elsewhere/precious").exists()
    assert not is_own(Path("/var/lib/exchange-hub/0123456789abcdef/postgres"), place / "data")
