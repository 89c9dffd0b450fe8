"""The same report gives the same bytes, whatever the process, the clock's zone, the language and the hash seed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "golden" / "render" / "sample.py"
CODE = """
import hashlib, runpy, sys
from exchange_hub.reports.render.docx_report import render_docx
from exchange_hub.reports.render.xlsx_report import render_xlsx
report = runpy.run_path(sys.argv[1])["report"]()
print([hashlib.sha256(render(report)).hexdigest() for render in (render_docx, render_xlsx)])
"""


def digests(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(SAMPLE)],
        check=True, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    return done.stdout


def test_word_and_excel_are_byte_identical_in_two_processes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """This process and another one, with other hash seeds, zones and languages, write the same files to the last bit."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    monkeypatch.setattr(sys, "argv", ["-c", str(SAMPLE)])
    exec(CODE, {})
    monkeypatch.undo()
    time.tzset()
    here = capsys.readouterr().out
    assert here == digests(PYTHONHASHSEED="4242", TZ="America/Los_Angeles", LANG="C")
    assert len(here) > 128
