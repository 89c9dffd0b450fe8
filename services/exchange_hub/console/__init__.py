"""The console: pages and JSON that read the list views, and nothing that writes."""
