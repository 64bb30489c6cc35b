"""A database of its own for tests of the job queue, with a clock that can be set."""

import pytest

from backend.db.base import Base
from backend.db.session import Database
from backend.kit.clock import SettableClock
from backend.kit.keys import LocalKeyFile


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def database(tmp_path, clock):
    made = Database(f"sqlite:///{tmp_path / 'jobs.sqlite'}", LocalKeyFile.generate(), clock)
    Base.metadata.create_all(made.engine)
    yield made
    made.close()
