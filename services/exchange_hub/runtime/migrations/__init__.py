"""Migrations of the store: the log and the closed months. A views schema is rebuilt instead, never migrated."""
