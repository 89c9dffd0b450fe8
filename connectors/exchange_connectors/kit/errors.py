"""What can go wrong in the kit, each with a message in words."""


class ConnectorError(Exception):
    """Something an operator must mend; the message is one plain sentence (English)."""


class ConfigError(ConnectorError):
    """A connector's configuration cannot be used; the message names the file and the place in it."""


class NotReadyError(ConnectorError):
    """The broker, a topic or a right is missing; the message says which and what to do."""


class PublishError(ConnectorError):
    """The broker refused an event for good, or has not acknowledged in time; the event stays in the spool."""


class RefusedError(ConnectorError):
    """An event breaks the rules of its contract; the message says in Chinese, for the bureau, what is wrong and what to do."""


class SpoolBusyError(ConnectorError):
    """Another process works with the same spool."""
