"""The console in a real browser: the policy lets everything of ours run and nothing else."""

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.responses import HTMLResponse, Response
from fastapi.testclient import TestClient

from exchange_hub.console.app import create_app
from exchange_hub.console.serving import served
from tests.console_rows import NOW, PLACE, MemorySource, write_report

# Only this machine is spoken to: the browser's own background traffic is off.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--virtual-time-budget=4000", "--enable-logging=stderr", "--v=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The console on a free port of this machine."""
    folder = tmp_path_factory.mktemp("reports")
    write_report(folder)
    source = MemorySource()
    source.lists["equipment-projects"][0]["name"] = "<img src=x onerror=\"document.title='taken'\">"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(source, folder, lambda: NOW, place=PLACE)

        def asking() -> HTMLResponse:
            """A list's page with the clerk on it."""
            with TestClient(app) as client:
                page = client.get("/lists/equipment-projects").text
            return HTMLResponse(page.replace("</head>", '<script src="/asking.js" defer></script></head>'))

        app.add_api_route("/asking", asking)
        app.add_api_route("/asking.js", lambda: Response(ASKING, media_type="text/javascript"))
        with served(app, listening):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def opened(address: str, profile: Path) -> tuple[str, str]:
    """Return the page as the browser has it after its scripts ran, and what it had to say."""
    done = subprocess.run(
        ["chromium", *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.needs("chromium")
def test_charts_are_drawn_under_the_policy(address: str, tmp_path: Path) -> None:
    """The report's charts become canvases, and the browser refuses nothing and reports no error."""
    page, said = opened(f"{address}/reports/2026-10", tmp_path)
    assert page.count("<canvas") == 2
    assert said == ""


@pytest.mark.needs("chromium")
def test_lists_come_alive_and_foreign_markup_does_not(address: str, tmp_path: Path) -> None:
    """Htmx runs on a list page; markup that a bureau typed into a cell stays text."""
    page, said = opened(f"{address}/lists/equipment-projects", tmp_path)
    assert re.search(r"<title>设备更新项目清单", page)
    assert "&lt;img src=x" in page
    assert "taken" not in (re.search(r"<title>(.*?)</title>", page) or [""])[0]
    assert said == ""


ASKING = """
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.filters");
  document.querySelector("#q").value = "x".repeat(location.search === "?refused" ? 101 : 100);
  window.htmx.trigger(form, "submit");
});
"""
"""A clerk who types words and sends them, as a script, for this browser has no hands."""


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("how", "words"), [("refused", "关键字不得超过 100 字"), ("found", "没有符合条件的行")])
def test_an_error_of_a_partial_request_is_seen(address: str, tmp_path: Path, how: str, words: str) -> None:
    """A filter that is refused puts its words in the place of the rows, as an answer does: nobody takes the old rows for one."""
    page, _ = opened(f"{address}/asking?{how}", tmp_path)
    assert words in page
    assert "数控加工线更新" not in page, "the old rows are gone"
    assert page.count('id="results"') == 1
