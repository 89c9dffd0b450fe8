"""`hub bureau add` and `hub rules check`: the district's folder is changed only as a whole and only where it stays right."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from exchange_hub.cli import main
from exchange_hub.programme.district import District

WUQING = Path(__file__).parents[2] / "deploy/districts/wuqing"
ENTRY = """# 新加入的单位
[[bureau]]
code = "veterans"
name = "区退役军人局"
full_name = "天津市武清区退役军人事务局"
lists = ["tasks", "submissions"]  # 只报任务
roles = []
"""


@pytest.fixture
def district(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sample district."""
    folder = tmp_path / "district"
    shutil.copytree(WUQING, folder, ignore=shutil.ignore_patterns("samples", "connectors"))
    monkeypatch.setenv("HUB_DISTRICT", str(folder))
    return folder


def add(district: Path, text: str, *options: str) -> tuple[int, str]:
    """Run the command on a file with this text."""
    file = district.parent / "new.toml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["bureau", "add", str(file), "--no-topics", *options])
    return done.exit_code, done.output


def test_a_bureau_is_added_and_comments_are_kept(district: Path) -> None:
    """The new entry stands behind the old ones with its comments, nothing else of the file has changed, its mode neither."""
    file = district / "bureaus.toml"
    file.chmod(0o640)
    before = file.read_text(encoding="utf-8")
    code, output = add(district, ENTRY)
    assert code == 0, output
    after = file.read_text(encoding="utf-8")
    assert after == before.rstrip("\n") + "\n\n" + ENTRY
    assert file.stat().st_mode & 0o777 == 0o640
    assert "veterans" in District.load(district).publishers()
    assert "nothing is stopped" in output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENTRY.replace("veterans", "industry"), "industry appears twice"),
        (ENTRY.replace("veterans", "Veterans Bureau"), "cannot stand in a topic name"),
        (ENTRY.replace('"tasks"', '"no-such-list"'), "there is no list no-such-list"),
        (ENTRY.replace("roles", "rolls"), "rolls"),
        (ENTRY + "\n[other]\n", "nothing else"),
        ("[[bureau", "is not TOML"),
    ],
)
def test_a_wrong_entry_changes_nothing(district: Path, text: str, words: str) -> None:
    """An entry that would make the district wrong is refused with the reason, and the folder stays as it was."""
    before = (district / "bureaus.toml").read_bytes()
    code, output = add(district, text)
    assert code == 1
    assert words in output
    assert (district / "bureaus.toml").read_bytes() == before
    assert not list(district.glob("*.new"))


def test_a_rehearsal_writes_nothing(district: Path) -> None:
    """`--dry-run` validates and leaves the file alone."""
    before = (district / "bureaus.toml").read_bytes()
    code, output = add(district, ENTRY, "--dry-run")
    assert (code, "nothing was written" in output) == (0, True)
    assert (district / "bureaus.toml").read_bytes() == before


def test_rules_of_lists_that_do_not_exist_are_found(district: Path) -> None:
    """`rules check` finds a precedence rule whose list or field the catalogue does not have, and ends with 1."""
    assert CliRunner().invoke(main, ["rules", "check"]).exit_code == 0
    file = district / "precedence.toml"
    text = file.read_text(encoding="utf-8")
    rule = '\n[[rule]]\nlist = "equipment-projects"\nfield = "no_such_field"\nbureaus = ["industry"]\nwhy = "试"\n'
    file.write_text(text + rule, encoding="utf-8")
    done = CliRunner().invoke(main, ["rules", "check"])
    assert done.exit_code == 1
    assert "the list has no column no_such_field" in done.output
