"""The hub: list views, the programme's rules, reports, console and runtime."""
