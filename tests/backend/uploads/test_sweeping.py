"""The sweeper runs by itself and ends when it is told to."""

from __future__ import annotations

import threading

from backend.db.models import Upload, UploadState
from backend.uploads.sweeping import Sweeper


def test_sweeps_when_it_starts_and_stops_at_once(clinic, clock, film, monkeypatch):
    upload_id = clinic.announce(clinic.recording("center"), "center", film())
    clinic.send(upload_id, film()[:100], lost=True)
    clinic.storage.put([b"nobody's"], "nobody")
    clock.advance(hours=25)
    swept = threading.Event()
    look = clinic.storage.names

    def names(before):
        yield from look(before)
        swept.set()

    monkeypatch.setattr(clinic.storage, "names", names)
    sweeper = Sweeper(clinic.database, clinic.storage, clinic.receiving)
    sweeper.start()
    assert swept.wait(30)
    sweeper.stop()
    assert clinic.rows(Upload)[0].state is UploadState.ABANDONED
    assert clinic.files() == []
    assert clinic.stored() == set()
