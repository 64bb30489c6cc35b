"""The small face, shared by the tests of measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from constructed_faces import SmallTopology, build


@pytest.fixture(scope="session")
def topology() -> SmallTopology:
    return build()
