"""`python -m exchange_hub.runtime.serve`: both servers for HUB_DATA_DIR until interrupted."""

import logging
import signal
import sys
import threading

from exchange_hub.runtime.kafka_server import administrator
from exchange_hub.runtime.layout import Layout
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.settings import Settings


def main() -> int:
    """Start (or join) the servers, print their addresses as shell assignments, and wait."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        settings = Settings()
        with running(settings) as servers:
            sys.stdout.write(f"HUB_KAFKA__BOOTSTRAP_SERVERS={servers.bootstrap_servers}\n")
            sys.stdout.write(f"HUB_DATABASE__URL='{servers.database_url}'\n")
            user = administrator(Layout(settings.data_folder))
            sys.stdout.write(f"HUB_KAFKA__SECURITY_PROTOCOL={user.security_protocol}\nHUB_KAFKA__SASL_MECHANISM={user.sasl_mechanism}\n")
            sys.stdout.write(f"HUB_KAFKA__USERNAME={user.username}\nHUB_KAFKA__PASSWORD_FILE='{user.password_file}'\n")
            sys.stdout.flush()
            ended.wait()
    except RuntimeProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
