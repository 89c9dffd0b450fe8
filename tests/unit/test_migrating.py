"""The schema versions that the hub knows are told without the library that migrates."""

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory

from exchange_hub.runtime import migrating


def test_the_names_of_the_migrations_are_their_versions() -> None:
    """What the files' names say is what Alembic reads in them, the newest first."""
    config = Config()
    config.set_main_option("script_location", str(migrating._FOLDER))
    assert migrating.known_versions() == [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def test_a_start_loads_neither_the_library_that_migrates_nor_the_typed_events() -> None:
    """Workers, pages and commands start without what most of them never use."""
    asked = "import sys, exchange_hub.processes.worker, exchange_hub.cli.lists; print({'alembic', 'exchange_contracts.events'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "set()\n"
