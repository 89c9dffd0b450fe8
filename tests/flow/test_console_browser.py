"""The console in a real browser: the policy lets everything of ours run and nothing else."""

import html
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from importlib.resources import files
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
            with TestClient(app, base_url="http://localhost") as client:
                page = client.get("/lists/equipment-projects").text
            return HTMLResponse(page.replace("</head>", '<script src="/asking.js" defer></script></head>'))

        looking = '<html lang="zh"><title>x</title><script src="/axe.js"></script><script src="/looking.js" defer></script></html>'
        axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        script = LOOKING.replace("PAGES", json.dumps(LOOKED_AT))
        app.add_api_route("/looking", lambda: HTMLResponse(looking))
        app.add_api_route("/axe.js", lambda: Response(axe, media_type="text/javascript"))
        app.add_api_route("/looking.js", lambda: Response(script, media_type="text/javascript"))
        app.add_api_route("/asking", asking)
        app.add_api_route("/asking.js", lambda: Response(ASKING, media_type="text/javascript"))
        with served(app, listening):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def opened(address: str, profile: Path, *flags: str) -> tuple[str, str]:
    """Return the page as the browser has it after its scripts ran, and what it had to say."""
    done = subprocess.run(
        ["chromium", *FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", address],
        capture_output=True, text=True, timeout=200, check=False,
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


LOOKED_AT = (
    "/", "/submissions", "/deadlines", "/findings", "/receipts", "/reports/2026-10", "/docs", "/lists/equipment-projects?size=20",
    "/lists/equipment-projects/row?key=2509-120114-89-01-540003",
)  # fmt: skip
LOOKING = """
(async () => {
  const told = {};
  for (const page of PAGES) {
    const text = await (await fetch(page)).text();
    document.documentElement.replaceWith(document.adoptNode(new DOMParser().parseFromString(text, "text/html").documentElement));
    const link = document.querySelector("link[rel=stylesheet]"), loaded = document.createElement("link");
    loaded.rel = "stylesheet";
    loaded.href = link.href;
    await new Promise((done) => { loaded.onload = done; link.replaceWith(loaded); });
    const found = await axe.run(document, {resultTypes: ["violations"]});
    told[page] = found.violations.map((each) => `${each.id}: ${each.nodes[0].html}`);
    if (document.documentElement.scrollWidth > window.innerWidth) told[page].push("wider than the screen");
  }
  document.documentElement.innerHTML = "<body><pre id=told></pre></body>";
  document.querySelector("#told").textContent = JSON.stringify(told);
})();
"""
"""Puts each page in the place of this one, lets axe look at it, and leaves what it found: one browser for all of them."""


@pytest.mark.needs("chromium")
def test_every_page_is_for_everybody(address: str, tmp_path: Path) -> None:
    """On a phone, where most is scrolled, axe finds nothing: links are told apart by more than colour, tables are scrolled by keyboard, contrast is enough."""
    page, said = opened(f"{address}/looking", tmp_path, "--window-size=500,844", "--virtual-time-budget=600000")
    told = re.search(r'<pre id="told">(.*?)</pre>', page, re.DOTALL)
    assert told is not None, said
    found = json.loads(html.unescape(told[1]))
    assert found == {page: [] for page in LOOKED_AT}


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("size", "menu"), [("500,844", '<details class="menu">'), ("1280,900", '<details class="menu" open="">')])
def test_the_menu_folds_on_a_phone(address: str, tmp_path: Path, size: str, menu: str) -> None:
    """On a narrow screen the page begins with its content, the menu one touch away; on a wide one the menu stands beside it."""
    page, _ = opened(f"{address}/receipts", tmp_path, f"--window-size={size}")
    assert menu in page
