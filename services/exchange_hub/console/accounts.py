"""Who may use the console: names, roles and argon2 hashes, in a file that only its owner can read.

Passwords are never kept, only their argon2id hashes. The file is read again when it has changed, so a user who was
removed, or given another role or password, is out with the next request.
"""

import fcntl
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from exchange_hub.runtime.problem import RuntimeProblem

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 256
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


class Right(StrEnum):
    """What a request may need."""

    READ = "read"
    OPERATE = "operate"


class Role(StrEnum):
    """What a user is; `RIGHTS` says what that allows."""

    READER = "reader"
    OPERATOR = "operator"


#: A further role is a line here, a further right one above and one in ``gate.NEEDS``.
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.READER: frozenset({Right.READ}),
    Role.OPERATOR: frozenset({Right.READ, Right.OPERATE}),
}

# RFC 9106's second choice (64 MiB), which is the library's own default: about 50 ms of a core.
_HASHER = PasswordHasher()
#: What is verified where there is no such user, so that the time of an answer tells nothing.
_NOBODY = _HASHER.hash(os.urandom(16).hex())


@dataclass(frozen=True, slots=True)
class Account:
    """One user."""

    role: Role
    hash: str


class Accounts:
    """The users in a file; an absent file has none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._known: dict[str, Account] = {}

    def read(self) -> Mapping[str, Account]:
        """Return name → account, read again where the file is another than the last time.

        Raises:
            RuntimeProblem: others may read or write the file, or it is not as it was written.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._seen, self._known = None, {}
            return self._known
        if found.st_mode & 0o077:
            raise RuntimeProblem(
                "Others than its owner may read or write the console's users.", where=str(self.path),
                remedy=f"chmod 600 {self.path}; if others may have written it, make the users anew.",
            )  # fmt: skip
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._seen:
            try:
                users = json.loads(self.path.read_text(encoding="utf-8"))["users"]
                self._known = {name: Account(Role(user["role"]), str(user["hash"])) for name, user in users.items()}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise RuntimeProblem(
                    "The file of the console's users is damaged.", where=str(self.path),
                    remedy="Remove it and make the users anew with `hub console user add`.",
                ) from error  # fmt: skip
            self._seen = stamp
        return self._known

    def verified(self, name: str, password: str) -> Account | None:
        """Return the account whose password this is; takes as long for a name that nobody has."""
        account = self.read().get(name)
        try:
            _HASHER.verify(account.hash if account else _NOBODY, password[:PASSWORD_LENGTH_MAX])
        except (VerificationError, InvalidHashError):
            return None
        return account

    def add(self, name: str, role: Role, password: str) -> None:
        """Make a user.

        Raises:
            RuntimeProblem: the name is taken or none, or the password too short or too long.
        """
        if not NAME.fullmatch(name):
            raise RuntimeProblem("This is no name for a user.", where=name, remedy="Use a-z, 0-9, dot, hyphen and underscore, at most 32 characters.")

        def made(users: dict[str, Account]) -> None:
            if name in users:
                raise RuntimeProblem("There is such a user already.", where=name, remedy="Give another password with `hub console user password`, or remove the user first.")
            users[name] = Account(role, hashed(password))

        self._change(made)

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; what was logged in with the old one ends.

        Raises:
            RuntimeProblem: there is no such user, or the password is too short or too long.
        """

        def changed(users: dict[str, Account]) -> None:
            users[name] = Account(self._one(users, name).role, hashed(password))

        self._change(changed)

    def remove(self, name: str) -> None:
        """Remove a user; what it was logged in with ends.

        Raises:
            RuntimeProblem: there is no such user.
        """

        def removed(users: dict[str, Account]) -> None:
            self._one(users, name)
            del users[name]

        self._change(removed)

    def _one(self, users: Mapping[str, Account], name: str) -> Account:
        if name not in users:
            raise RuntimeProblem("There is no such user.", where=name, remedy="`hub console user list` names them.")
        return users[name]

    def _change(self, change: Callable[[dict[str, Account]], None]) -> None:
        """Replace the file as a whole, one writer at a time; it is closed to others from its first byte on."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            users = dict(self.read())
            change(users)
            draft = self.path.with_name(f"{self.path.name}.new")
            draft.unlink(missing_ok=True)
            text = json.dumps({"users": {name: asdict(user) for name, user in sorted(users.items())}}, indent=1)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open takes no mode of a file to be made
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        finally:
            os.close(folder)


def hashed(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises:
        RuntimeProblem: it is too short or too long.
    """
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise RuntimeProblem(
            f"A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.", where=f"this one has {len(password)}",
            remedy="Several words that do not belong together are easy to keep.",
        )  # fmt: skip
    return _HASHER.hash(password)
