"""The programme's rules as pure functions of rows and dates."""
