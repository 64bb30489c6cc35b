"""The page about the API names every address of results, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import FastAPI

from backend.admin.endpoints import router as admin
from backend.analyses.endpoints import router as analyses
from backend.comparisons.endpoints import router as comparisons
from backend.exports.endpoints import router as exports

PAGE = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text(encoding="utf-8")


def test_the_page_and_the_routes_agree() -> None:
    app = FastAPI()
    for router in (analyses, comparisons, exports, admin):
        app.include_router(router)
    there = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    rows = " ".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"(?:GET|POST|PUT) [^`?]+", rows))
    assert named == there
