"""What goes wrong with the machine under the hub, said to an operator."""


class RuntimeProblem(Exception):  # noqa: N818 - said to people, not a bug
    """A server, folder, port or download that the hub needs and does not have.

    Args:
        what: What went wrong, one sentence.
        where: The file, folder, address or process it concerns.
        remedy: What the operator can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  where: {self.where}\n  to do: {self.remedy}"
