# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The web pages attacked by a scanner that others keep (Wapiti), signed in as who may do most."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from web import served

from emo_music_ros.dashboard.judging import GIVEN

#: Where `make test-system` puts it: it wants other versions of packages than we do.
WAPITI = Path(sys.prefix) / "scanner" / "bin" / "wapiti"
MODULES = (
    *("cookieflags", "crlf", "csp", "csrf", "exec", "file", "http_headers", "ldap", "methods"),
    *("permanentxss", "redirect", "sql", "upload", "xss", "xxe"),
)
#: What would end the scan: it would be signed out.
NOT = ("/logout", "/password", "/accounts/remove", "/accounts/password")
#: Files are sent with the secret in a header: what a form sends is refused whatever is in it, which
#: looks to a scanner as if nobody looked at it. test_input.py tries the header.
KNOWN = {("Cross Site Request Forgery", f"/input/{kind}") for kind in GIVEN}


def test_a_scanner_finds_nothing(tmp_path, monkeypatch):
    wapiti = str(WAPITI) if WAPITI.exists() else shutil.which("wapiti")
    if not wapiti:
        pytest.skip("wapiti is not installed: make test-system, or pip install wapiti3")
    out = tmp_path / "report.json"
    with served(tmp_path, monkeypatch) as site:
        site.board.person("anna", "")
        browser = site.signed_in("therapist")
        base = f"http://127.0.0.1:{site.port}"
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        left = [*NOT, *(f"/events/{view}" for view in ("live", "carer", "resident"))]
        options = {
            "--url": f"{base}/live",
            "--scope": "domain",
            "--module": ",".join(MODULES),
            "--format": "json",
            "--output": str(out),
            "--store-session": str(tmp_path / "scan"),
            "--max-scan-time": "120",
            "--max-attack-time": "20",
        }
        # What does not come from our own pages is refused before it is looked at.
        headers = ("--header", f"Cookie: {cookie}", "--header", f"Origin: {base}")
        excluded = [part for path in left for part in ("--exclude", base + path)]
        subprocess.run(
            [wapiti, *(part for pair in options.items() for part in pair), *headers, *excluded]
            + ["--no-bugreport", "--flush-session"],
            capture_output=True,
            check=True,
            env={**os.environ, "HOME": str(tmp_path)},
        )
        entered = {name for name, _ in site.desk.done}
    report = json.loads(out.read_text())
    assert report["infos"]["crawled_pages_nbr"] > 30
    assert {"find", "confirm", "looked"} <= entered  # its attacks came through to their aims
    found = {
        f"{kind}: {name}": [(each["method"], each["path"], each["info"]) for each in entries]
        for kind in ("vulnerabilities", "anomalies")
        for name, every in report[kind].items()
        if (entries := [each for each in every if (name, each["path"]) not in KNOWN])
    }
    assert not found
