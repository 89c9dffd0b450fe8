"""Month close, frozen snapshot, and the artefacts rendered from it."""
