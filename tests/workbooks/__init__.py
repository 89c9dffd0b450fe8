"""Workbooks as clerks make them: kept ones with their right outcome, and a generator of bent ones that knows its right values."""
