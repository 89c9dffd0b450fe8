"""Embedded servers, supervision, settings, migrations."""
