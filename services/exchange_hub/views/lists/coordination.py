"""Decisions of the coordination office: they change how others are grouped or reviewed, and are no list of their own."""

from exchange_hub.views.lists.folding import Kind

KIND = Kind("coordination", "统筹协调（协调主题）", lambda _name, _claims, _rules: ())
