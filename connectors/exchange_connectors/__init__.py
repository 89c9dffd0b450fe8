"""What a bureau runs: the publishing kit and the connectors built on it."""
