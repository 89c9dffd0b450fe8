"""Answers are compressed on the way, and files stay the bytes of their digest."""

import base64
import hashlib
from pathlib import Path

from tests.console_rows import MemorySource, opened, write_report


def test_pages_the_api_and_static_files_are_compressed_and_files_with_a_digest_are_not(tmp_path: Path) -> None:
    """What is compressed says so and reads the same; a digest is of the bytes that came."""
    write_report(tmp_path)
    with opened(MemorySource(), tmp_path) as client:
        for address in ("/lists/trade-in", "/api/lists/equipment-projects", "/static/console.css"):
            packed, plain = client.get(address), client.get(address, headers={"Accept-Encoding": "identity"})
            assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding"), address
            assert "Content-Encoding" not in plain.headers
            assert len(packed.content) == len(plain.content)
        for address in ("/lists/equipment-projects/download?format=json", "/reports/2026-10/report.json"):
            file = client.get(address)
            assert "Content-Encoding" not in file.headers
            assert file.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(file.content).digest()).decode()}:"
