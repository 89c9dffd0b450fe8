"""Nobody gets into the console by accident: names, logins, roles, attempts, and what changes anything."""

import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from fastapi.testclient import TestClient
from httpx import Response

from exchange_hub.cli.console import console
from exchange_hub.console import accounts as accounts_module
from exchange_hub.console import gate as gates
from exchange_hub.console import sessions
from exchange_hub.console.accounts import Accounts, Role
from exchange_hub.console.app import create_app
from exchange_hub.console.gate import Gate
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import ConsoleSettings
from tests.console_rows import NOW, PLACE, MemorySource

REAL = accounts_module._HASHER
OWN = {"Origin": "http://localhost"}
PASSWORD = "correct horse battery"


def opened(tmp_path: Path, gate: Gate) -> TestClient:
    return TestClient(create_app(MemorySource(), tmp_path, lambda: NOW, place=PLACE, gate=gate), base_url="http://localhost", follow_redirects=False)


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hashes that cost little here; that the real ones cost much is a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts_module, "_HASHER", hasher)
        patch.setattr(accounts_module, "_NOBODY", hasher.hash("nobody"))
        yield


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    """One reader and one operator; hashing costs time, so they are made once."""
    accounts = Accounts(tmp_path_factory.mktemp("users") / "users.json")
    accounts.add("reader", Role.READER, PASSWORD)
    accounts.add("operator", Role.OPERATOR, PASSWORD)
    return accounts


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A console without users, as on a machine of one's own."""
    return opened(tmp_path_factory.mktemp("reports"), Gate())


@pytest.fixture
def users(known: Accounts, tmp_path: Path) -> Accounts:
    copy = tmp_path / "users.json"
    copy.write_bytes(known.path.read_bytes())
    copy.chmod(0o600)
    return Accounts(copy)


@pytest.fixture
def client(users: Accounts, tmp_path: Path) -> Iterator[TestClient]:
    with opened(tmp_path, Gate(accounts=users)) as client:
        yield client


def routes(client: TestClient) -> list[Any]:
    """Every route of the console."""
    app: Any = client.app
    found = [route for each in app.routes for route in (each.original_router.routes if hasattr(each, "original_router") else [each])]
    return [route for route in found if hasattr(route, "methods")]


def login(client: TestClient, name: str, password: str = PASSWORD, target: str = "/") -> Response:
    return client.post("/login", data={"name": name, "password": password, "next": target}, headers=OWN)


def token(client: TestClient) -> str:
    return client.get("/").text.split('name="token" value="')[1].split('"')[0]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io", "", "hub.example:x"])
def test_another_host_is_refused_everywhere(unguarded: TestClient, host: str) -> None:
    """A name that is not the console's is refused on every path, whatever it resolves to."""
    for path in ("/", "/api/lists", "/static/console.css", "/livez", "/login"):
        answer = unguarded.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert "不接受以这个主机名访问" in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "[::1]", "localhost."])
def test_loopback_names_are_answered(unguarded: TestClient, host: str) -> None:
    """Without any setting the console answers to the names of this machine, with any port."""
    assert unguarded.get("/livez", headers={"Host": host}).status_code == 200


def test_further_names_are_a_setting(tmp_path: Path) -> None:
    """HUB_CONSOLE__ALLOWED_HOSTS names them; the address that is listened on is one by itself."""
    accounts = Accounts(tmp_path / "none.json")
    settings = ConsoleSettings(host="127.0.0.2", allowed_hosts="hub.example, Console.Example")
    with opened(tmp_path, gates.gate_of(settings, accounts)) as client:
        answers = {host: client.get("/livez", headers={"Host": host}).status_code for host in ("hub.example", "console.example:443", "127.0.0.2", "localhost")}
    assert answers == {"hub.example": 200, "console.example:443": 200, "127.0.0.2": 200, "localhost": 400}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "hub.example"])
def test_another_address_needs_a_login_first(tmp_path: Path, users: Accounts, host: str) -> None:
    """What is reached from other machines does not start without a user, and starts with one."""
    with pytest.raises(RuntimeProblem, match="no login"):
        gates.gate_of(ConsoleSettings(host=host), Accounts(tmp_path / "none.json"))
    gates.gate_of(ConsoleSettings(host=host), users)


def test_everything_is_behind_the_login(client: TestClient) -> None:
    """Pages lead to the login and back, the API says 401, and only health and the pages' files are open."""
    paths = {route.path for route in routes(client) if "GET" in route.methods} - {"/login", "/livez", "/readyz"}
    assert {"/", "/openapi.json", "/api/lists", "/sessions", "/lists/{name}/download"} <= paths
    for path in paths:
        answer = client.get(path.replace("{name}", "trade-in").replace("{month}", "2026-10"))
        assert answer.status_code in (401, 303), path
        assert answer.status_code == 401 or answer.headers["location"].startswith("/login?next=%2F"), path
    assert [client.get(path).status_code for path in ("/livez", "/readyz", "/static/console.css", "/login")] == [200, 200, 200, 200]
    asked = client.get("/lists/trade-in?q=a%26b")
    assert login(client, "reader", target=asked.headers["location"].partition("next=")[2]).status_code == 303


def test_a_login_leads_to_the_page_that_was_asked_for_and_nowhere_else(client: TestClient) -> None:
    """The cookie is closed to scripts, and no address of another site is followed."""
    answer = login(client, "reader", target="/lists/trade-in?q=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists/trade-in?q=1")
    assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert client.get("/").status_code == 200
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/logout", "/a\r\nSet-Cookie: x"):
        assert login(client, "reader", target=target).headers["location"] == "/", target


def test_behind_tls_the_cookie_never_travels_in_the_clear(users: Accounts, tmp_path: Path) -> None:
    """Served by TLS, the cookie is Secure and bound to this host."""
    with opened(tmp_path, Gate(accounts=users, secure=True)) as client:
        assert {"__Host-hub", "Secure"} <= set(login(client, "reader").headers["set-cookie"].replace("=", "; ").split("; "))


def test_roles_decide_what_is_seen(client: TestClient) -> None:
    """A reader reads, and only an operator sees and ends logins."""
    login(client, "reader")
    assert (client.get("/lists/trade-in").status_code, client.get("/sessions").status_code) == (200, 403)
    assert client.post("/sessions/end", data={"token": token(client), "number": "x"}, headers=OWN).status_code == 403
    other = TestClient(client.app, base_url="http://localhost", follow_redirects=False)
    login(other, "operator")
    page = other.get("/sessions").text
    assert page.count('<form class="inline" action="/sessions/end"') == 2
    number = page.split("reader</th>")[1].split('name="number" value="')[1].split('"')[0]
    assert other.post("/sessions/end", data={"token": token(other), "number": number}, headers=OWN).status_code == 303
    assert client.get("/").status_code == 303


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:81"}])
def test_what_another_site_sends_changes_nothing(client: TestClient, headers: dict[str, str]) -> None:
    """A login or logout that does not come from the console's own page is refused, as is one without the page's token."""
    login(client, "operator")
    own = token(client)
    changing = [route.path for route in routes(client) if route.methods - {"GET", "HEAD"}]
    assert {"/login", "/logout"} <= set(changing)
    for path in changing:
        assert client.post(path, data={"token": own, "name": "reader", "password": PASSWORD}, headers=headers).status_code == 403, path
    assert client.post("/logout", data={"token": "guessed"}, headers=OWN).status_code == 403
    assert client.get("/").status_code == 200
    assert client.post("/logout", data={"token": own}, headers=OWN).headers["location"] == "/login"
    assert client.get("/").status_code == 303


def test_attempts_are_held_off(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """After five wrong passwords not even the right one is tried, whoever asks is told for how long, and the log says so without a password."""
    caplog.set_level(logging.INFO)
    answers = [login(client, "reader", f"wrong password {n}").status_code for n in range(5)]
    held = login(client, "reader")
    assert (answers, held.status_code) == ([401] * 5, 429)
    assert 0 < int(held.headers["retry-after"]) <= sessions.ATTEMPTS_SECONDS
    assert login(client, "operator").status_code == 303, "another user is not held off"
    login(client, PASSWORD, "x")
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("audit")]
    assert [line.partition(":")[0] for line in lines] == ["login failed"] * 5 + ["login held off", "login", "login failed"]
    assert "from=testclient" in lines[0]
    assert not any("password" in line or PASSWORD in line for line in lines)


def test_attempts_are_bounded_in_time_and_number() -> None:
    """After a quarter of an hour one may try again, and however many names are tried, few are kept."""
    now = [0.0]
    attempts = sessions.Attempts(lambda: now[0])
    assert [attempts.wait_seconds([("a", 2)]) for _ in range(3)] == [0, 0, sessions.ATTEMPTS_SECONDS + 1]
    now[0] += sessions.ATTEMPTS_SECONDS + 1
    assert attempts.wait_seconds([("a", 2)]) == 0
    for n in range(3 * sessions.ATTEMPTS_KEYS_MAX):
        attempts.wait_seconds([(f"name {n}", 5)])
    assert len(attempts._times) <= sessions.ATTEMPTS_KEYS_MAX


def test_logins_end(users: Accounts) -> None:
    """A login ends when it is silent, after a working day, and at once when its user is not what it was."""
    now = [0.0]
    opened = sessions.Sessions(600, lambda: now[0])
    account = users.read()["reader"]
    idle, busy = (opened.begin("reader", account, "here", NOW).secret for _ in range(2))
    for _ in range(sessions.LIFETIME_SECONDS // 500):
        now[0] += 500
        assert opened.find(busy, users.read()) is not None
    assert opened.find(idle, users.read()) is None
    now[0] += 500
    assert opened.find(busy, users.read()) is None
    third = opened.begin("reader", account, "here", NOW).secret
    users.set_password("reader", "another password")
    assert opened.find(third, users.read()) is None
    for _ in range(sessions.SESSIONS_MAX + 5):
        opened.begin("reader", users.read()["reader"], "here", NOW)
    assert len(opened.all(users.read())) == sessions.SESSIONS_MAX


def test_a_removed_user_is_out_and_the_last_one_does_not_open_the_door(client: TestClient, users: Accounts) -> None:
    """Who is removed is out with the next request, and a console that had a login never goes on without."""
    login(client, "reader")
    for name in ("reader", "operator"):
        users.remove(name)
    assert client.get("/").status_code == 303


def test_programs_give_name_and_password_with_each_call(client: TestClient) -> None:
    """The API takes HTTP Basic, verified once and then remembered; a wrong one counts as an attempt; pages take none."""
    assert [client.get("/api/lists", auth=("reader", PASSWORD)).status_code for _ in range(3)] == [200, 200, 200]
    assert client.get("/", auth=("reader", PASSWORD)).status_code == 303
    assert [client.get("/api/lists", auth=("reader", f"wrong {n}")).status_code for n in range(6)] == [401] * 5 + [429]
    assert client.get("/api/lists", auth=("reader", PASSWORD)).status_code == 200, "what is remembered goes on"


def test_users_are_made_by_command_and_no_password_is_kept_or_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are asked for or read from the standard input; the file holds argon2id hashes and is closed to others."""
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    run = CliRunner().invoke
    assert run(console, ["user", "add", "wang.li", "--role", "reader"], input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert run(console, ["user", "add", "ops", "--role", "operator", "--stdin"], input=f"{PASSWORD}\n").exit_code == 0
    path = tmp_path / "console-users.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().count("$argon2id$") == 2
    assert PASSWORD not in path.read_text()
    made = run(console, ["user", "password", "ops", "--generate"]).output
    assert Accounts(path).verified("ops", made.split("shown once): ")[1].split()[0])
    assert run(console, ["user", "list"]).output == "ops  operator\nwang.li  reader\n"
    for arguments, words in (
        (["add", "ops", "--role", "reader", "--stdin"], "already"), (["add", "Ops!", "--role", "reader", "--stdin"], "no name"),
        (["remove", "nobody"], "no such user"), (["password", "nobody", "--stdin"], "no such user"),
    ):  # fmt: skip
        assert words in run(console, ["user", *arguments], input=f"{PASSWORD}\n").output
    assert "12 to 256" in run(console, ["user", "add", "short", "--role", "reader", "--stdin"], input="short\n").output
    assert run(console, ["user", "remove", "ops"]).exit_code == 0
    assert list(Accounts(path).read()) == ["wang.li"]


def test_a_hash_costs_memory_and_time() -> None:
    """Passwords are hashed with argon2id at 64 MiB and three passes."""
    assert REAL.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_file_that_others_may_read_or_that_is_damaged_lets_nobody_in(users: Accounts) -> None:
    """The console does not start on such a file, and says what to do."""
    users.path.chmod(0o640)
    with pytest.raises(RuntimeProblem, match="Others"):
        gates.gate_of(ConsoleSettings(), Accounts(users.path))
    users.path.chmod(0o600)
    users.path.write_text('{"users": {"a": {}}}')
    with pytest.raises(RuntimeProblem, match="damaged"):
        gates.gate_of(ConsoleSettings(), Accounts(users.path))


def test_metrics_are_on_their_own_port_only(client: TestClient, users: Accounts) -> None:
    """The console's own port knows no metrics, logged in or not."""
    login(client, "operator")
    assert client.get("/metrics").status_code == 404
