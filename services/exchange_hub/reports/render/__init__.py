"""The report as files: Word, Excel, JSON and charts; they see only the report as a value."""
