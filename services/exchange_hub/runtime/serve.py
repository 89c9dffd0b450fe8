"""`python -m exchange_hub.runtime.serve`: both servers for HUB_DATA_DIR until interrupted."""

import logging
import signal
import sys
import threading

from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings


def main() -> int:
    """Starts (or joins) the servers, prints their addresses as shell assignments, and waits."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with running(Settings()) as servers:
            sys.stdout.write(f"HUB_KAFKA__BOOTSTRAP_SERVERS={servers.bootstrap_servers}\n")
            sys.stdout.write(f"HUB_DATABASE__URL='{servers.database_url}'\n")
            sys.stdout.flush()
            ended.wait()
    except RuntimeProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
