"""The clinic whose results are tested."""

from __future__ import annotations

import pytest
from results import Clinic

from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects


@pytest.fixture
def storage(tmp_path, site_keys) -> Storage:
    return Storage(LocalObjects(tmp_path / "objects"), site_keys)


@pytest.fixture
def clinic(session, storage) -> Clinic:
    return Clinic(session, storage)
