"""The vocabulary of the hub: event contracts, code lists, framing, topic names."""
