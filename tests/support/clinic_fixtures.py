"""Fixtures of tests that need a clinic with results; their folders' conftest files take them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from results import Clinic

from backend.db.models import Team
from backend.db.session import now
from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects


@pytest.fixture
def storage(tmp_path, site_keys) -> Storage:
    return Storage(LocalObjects(tmp_path / "objects"), site_keys)


@pytest.fixture
def clinic(session, storage) -> Clinic:
    team = Team(name="Clinic", created_at=now(session))
    session.add(team)
    session.flush()
    return Clinic(session, storage, team)


@pytest.fixture
def clinic_at(service) -> Callable[[], AbstractContextManager[Clinic]]:
    """Opens the home team of the whole service; what is made there is committed at the end."""

    @contextmanager
    def opened() -> Iterator[Clinic]:
        with service.database.unit_of_work() as session:
            yield Clinic(session, service.app.state.storage, service.team)

    return opened
