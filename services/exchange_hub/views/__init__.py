"""From a topic to a list view: decode, check, fold, store."""
