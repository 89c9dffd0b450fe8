"""What the process that workers are forked from does once for all of them: whatever a start works out of the code alone."""

import inspect
import sys

import alembic.command  # noqa: F401 — a store of an earlier version is brought up by whoever comes first

from exchange_hub.processes import worker  # noqa: F401
from exchange_hub.views.store import deciding

deciding.code_version()
for _kind in deciding.LISTED:
    deciding.code_of(_kind)
# Faust asks in which module an agent stands; the first such question looks through the files of all modules.
inspect.getmodule(sys._getframe())
