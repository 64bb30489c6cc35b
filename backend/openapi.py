"""Prints the OpenAPI document, from which the page's client is generated; it serves nothing."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from backend.app import create_app
from backend.settings import Settings
from backend.site import create_keys


def document() -> str:
    """The document as JSON with a line per entry, the same for the same routes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        app = create_app(settings, keys=create_keys(settings))
        return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
