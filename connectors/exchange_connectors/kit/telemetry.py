"""What a connector tells Prometheus. Labels are bureau, event type, level: never a key, a name or a file."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_SPOOLED = Counter("connector_events_spooled", "Events written to the spool", ["bureau", "type"])
EVENTS_ACKNOWLEDGED = Counter("connector_events_acknowledged", "Events acknowledged by Kafka", ["bureau"])
PUBLISH_ERRORS = Counter("connector_publish_errors", "Events refused, or not acknowledged in time", ["bureau", "kind"])
PRODUCER_RESTARTS = Counter("connector_producer_restarts", "Producers rebuilt from the spool", ["bureau"])
STATEMENTS = Counter("connector_statements", "Statements weighed against the ledger", ["bureau", "verdict"])
SPOOL_DEPTH = Gauge("connector_spool_depth", "Events in the spool that Kafka has not acknowledged", ["bureau"])
OLDEST_UNACKNOWLEDGED_SECONDS = Gauge(
    "connector_oldest_unacknowledged_seconds", "Age of the oldest event without acknowledgement", ["bureau"]
)
RECEIPT_OUTCOMES = Counter("connector_receipt_outcomes", "Events by the hub's outcome", ["bureau", "outcome"])
FILES = Counter("connector_files", "Workbooks processed", ["bureau", "outcome"])
FINDINGS = Counter("connector_findings", "Findings on workbooks by level", ["bureau", "level"])
FILE_SECONDS = Histogram("connector_file_seconds", "Time to process one workbook", ["bureau"])
