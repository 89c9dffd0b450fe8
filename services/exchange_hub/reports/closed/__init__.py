"""Closed months: the close, what it froze, and what is restated since."""
