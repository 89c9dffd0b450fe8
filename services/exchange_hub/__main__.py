"""``python -m exchange_hub`` is the ``hub`` command."""

from exchange_hub.cli import main

main()
