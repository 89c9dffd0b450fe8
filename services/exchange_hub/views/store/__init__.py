"""The rim to PostgreSQL: the event log, positions, claims and list tables, and the one transaction per poll."""
