"""Speed beside the peers: one data set, the hub's own paths and other frameworks doing the same work on it."""
