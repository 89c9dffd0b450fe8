"""What the faults have in common: servers with a seed, and the reckoning at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.reckoning import Measures
from tests.faults.stage import Stage, staged


@dataclass(frozen=True)
class Run:
    """Servers and seed of a run."""

    kafka: str
    database: str
    seed: int

    @contextmanager
    def stage(self, **options: Any) -> Iterator[Stage]:
        """A district of the fault's own."""
        with tempfile.TemporaryDirectory(prefix="hub-fault-", ignore_cleanup_errors=True) as folder:
            kafka, url = options.pop("kafka", self.kafka), options.pop("database", self.database)
            with staged(kafka, url, Path(folder), **options) as stage:
                yield stage


def finish(stage: Stage, seconds: float = 180.0) -> Measures:
    """Let the workers that run catch up and reckon; no other worker is started here, so that what recovers does so by itself."""
    stage.caught_up(seconds)
    return stage.reckoned().measures() | {"ended": len(stage.ended())}
