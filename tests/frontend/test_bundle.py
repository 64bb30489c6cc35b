"""The shipped bundle: what a first look and the viewer cost, and that it names no other host."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from backend.page.endpoints import BUNDLE

MANIFEST: dict[str, dict[str, Any]] = json.loads((BUNDLE / ".vite/manifest.json").read_text())
FIRST_PAGE_KB = 200
VIEWER_KB = 250


def files_of(*names: str) -> set[str]:
    """The scripts that are there before something of `names` is shown."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        entry = MANIFEST[waiting.pop()]
        if entry["file"] not in found:
            found.add(entry["file"])
            waiting += entry.get("imports", [])
    return {name for name in found if name.endswith(".js")}


def kilobytes(files: set[str]) -> float:
    return sum(len(gzip.compress((BUNDLE / name).read_bytes(), 9)) for name in files) / 1000


SHELL = ("index.html", "src/app/Shell.tsx")


SIGN_IN = ("index.html", "src/session/SignInPage.tsx")
PATIENTS = (*SHELL, "src/patients/PatientsPage.tsx")


@pytest.mark.parametrize("page", [SIGN_IN, PATIENTS])
def test_the_first_page_is_light(page: tuple[str, ...]) -> None:
    assert kilobytes(files_of(*page)) <= FIRST_PAGE_KB


def test_the_viewer_is_light() -> None:
    more = files_of(*SHELL, "src/takes/TakePage.tsx") - files_of(*PATIENTS)
    assert kilobytes(more) <= VIEWER_KB


def test_only_the_capture_page_loads_the_detector() -> None:
    heavy = {name for name in MANIFEST if "onnx" in MANIFEST[name]["file"]}
    for page in ("src/patients/PatientsPage.tsx", "src/takes/TakePage.tsx"):
        assert not {MANIFEST[name]["file"] for name in heavy} & files_of(*SHELL, page)


def test_the_document_holds_no_script_of_its_own() -> None:
    document = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\ssrc=)", document) == []
    assert re.findall(r"https?://", document) == []
