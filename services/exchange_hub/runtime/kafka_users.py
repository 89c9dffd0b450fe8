"""Users of Kafka and their rights: given to them, taken from them, and as commands for an administrator."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import NoError

from exchange_hub.runtime.kafka_rights import Right
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.secret_files import kept_secret

MECHANISM: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
#: A right as Kafka's protocol calls it → as its tool does.
_FOR_THE_TOOL = {"READ": "Read", "WRITE": "Write", "CREATE": "Create", "DESCRIBE_CONFIGS": "DescribeConfigs"}


def admit(admin: KafkaAdminClient, wanted: Mapping[str, Sequence[Right]], password_of: Mapping[str, Path]) -> list[str]:
    """Make users and rights that are missing, take back rights that are too many; return the users that are new or have a new password.

    Args:
        admin: a client of an administrator.
        wanted: user → its rights.
        password_of: user → the file of its password; made where it is missing, and the user then has the new one.

    Raises:
        RuntimeProblem: Kafka refuses.
    """
    known = {user for user, found in admin.describe_user_scram_credentials().items() if not found["error"]}
    new = [user for user in wanted if user not in known or not password_of[user].exists()]
    set_passwords(admin, {user: kept_secret(password_of[user]) for user in new})
    found, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, _ANY))
    present = {acl for acl in found if acl.principal.removeprefix("User:") in wanted}
    right = {_acl(user, each) for user, rights in wanted.items() for each in rights}
    if missing := right - present:
        _refused(error.__name__ for error in admin.create_acls(list(missing))["failed"])
    if present - right:
        _take_back(admin, [ACLFilter(a.principal, a.host, a.operation, a.permission_type, a.resource_pattern) for a in present - right])
    return new


def set_passwords(admin: KafkaAdminClient, passwords: Mapping[str, str]) -> None:
    """Make users with these passwords, or give them to users that there are; Kafka is sent salted hashes alone.

    Raises:
        RuntimeProblem: Kafka refuses.
    """
    if passwords:
        told = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, MECHANISM, password) for user, password in passwords.items()])
        _refused(told.values())


def dismiss(admin: KafkaAdminClient, user: str) -> None:
    """Take every right from a user, at once, and then the user itself; one that is gone already is no error.

    Raises:
        RuntimeProblem: Kafka refuses.
    """
    _take_back(admin, [ACLFilter(f"User:{user}", None, ACLOperation.ANY, ACLPermissionType.ANY, _ANY)])
    if not admin.describe_user_scram_credentials([user])[user]["error"]:
        _refused(admin.alter_user_scram_credentials([UserScramCredentialDeletion(user, MECHANISM)]).values())


def commands(user: str, rights: Sequence[Right], servers: str) -> list[str]:
    """Return how an administrator of an existing Kafka makes a user and its rights by Kafka's own tools."""
    shared = f"--bootstrap-server {servers} --command-config admin.properties"
    lines = [f"kafka-configs.sh {shared} --alter --add-config '{MECHANISM}=[password=…]' --entity-type users --entity-name {user}"]
    for right in rights:
        pattern = " --resource-pattern-type prefixed" if right.prefixed else ""
        operation = _FOR_THE_TOOL[right.operation]
        lines.append(f"kafka-acls.sh {shared} --add --allow-principal User:{user} --operation {operation} --{right.kind.lower()} {right.name}{pattern}")
    return lines


def removal(user: str, servers: str) -> list[str]:
    """Return how an administrator of an existing Kafka takes a user and its rights away; the rights first, they end at once."""
    shared = f"--bootstrap-server {servers} --command-config admin.properties"
    return [
        f"kafka-acls.sh {shared} --list --principal User:{user}   # and --remove for each; without rights the user can do nothing",
        f"kafka-configs.sh {shared} --alter --delete-config '{MECHANISM}' --entity-type users --entity-name {user}",
    ]


def _acl(user: str, right: Right) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if right.prefixed else ACLResourcePatternType.LITERAL
    resource = ResourcePattern(ResourceType[right.kind], right.name, pattern)
    return ACL(f"User:{user}", "*", ACLOperation[right.operation], ACLPermissionType.ALLOW, resource)


def _take_back(admin: KafkaAdminClient, which: list[ACLFilter]) -> None:
    _refused(error.__name__ for _, _, error in admin.delete_acls(which) if error is not NoError)


def _refused(errors: Iterable[str | None]) -> None:
    if told := [error for error in errors if error]:
        raise RuntimeProblem(
            f"Kafka refuses to change users or rights: {told[0]}", where=f"{len(told)} changes",
            remedy="Name a user that may (HUB_KAFKA__ADMIN_USERNAME, HUB_KAFKA__ADMIN_PASSWORD_FILE), or have its administrator run what `hub bureau rights` prints.",
        )  # fmt: skip


_ANY = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
