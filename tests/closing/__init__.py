"""What the tests of figures, reports and closes share: random list rows, a plain oracle, a store."""
