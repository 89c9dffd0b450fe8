"""API and pages over the list views."""
