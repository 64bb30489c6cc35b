"""Small films, photographs and hostile files, written by the tests themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.requests import ClientDisconnect

from backend.access import Caller, Permission, Role
from backend.db.base import Base
from backend.db.models import (
    Consent,
    Patient,
    PatientTeam,
    Purpose,
    Sex,
    Take,
    Team,
    User,
    View,
    Visit,
)
from backend.db.session import Database, now
from backend.kit.storage.blobs import Storage
from backend.kit.storage.local import LocalObjects
from backend.recordings import service as recordings
from backend.recordings.schemas import NewRecording
from backend.settings import Settings
from backend.uploads.receiving import Receiving
from backend.uploads.schemas import Announcement, ChunkChecksum


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Callable[..., bytes]:
    """Writes the bytes of a film of moving stripes; equal arguments give the same bytes."""
    folder = tmp_path_factory.mktemp("films")

    def write(
        *,
        suffix: str = "mp4",
        codec: str = "libx264",
        pictures: int = 12,
        fps: int = 30,
        streams: int = 1,
        sound: bool = False,
        shade: int = 0,
    ) -> bytes:
        path = folder / f"film.{suffix}"
        with av.open(str(path), "w") as container:
            videos = [container.add_stream(codec, rate=fps) for _ in range(streams)]
            for video in videos:
                video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            audio = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
            for index in range(pictures):
                image = np.full((120, 160, 3), shade, np.uint8)
                image[:, (index * 5) % 150 : (index * 5) % 150 + 10] = 255
                for video in videos:
                    container.mux(video.encode(av.VideoFrame.from_ndarray(image)))
            for video in videos:
                container.mux(video.encode())
            if audio is not None:
                for index in range(8):
                    block = av.AudioFrame.from_ndarray(
                        np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
                    )
                    block.sample_rate, block.pts = 16_000, 1024 * index
                    container.mux(audio.encode(block))
                container.mux(audio.encode())
        return path.read_bytes()

    return write


@pytest.fixture(scope="session")
def photograph(tmp_path_factory) -> bytes:
    """A small PNG."""
    path: Path = tmp_path_factory.mktemp("stills") / "still.png"
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path.read_bytes()


class Clinic:
    """One patient with consent and a visit, and a clinician who may fill it."""

    def __init__(self, database: Database, storage: Storage, receiving: Receiving) -> None:
        self.database, self.storage, self.receiving = database, storage, receiving
        self.objects = storage._objects
        with database.unit_of_work() as session:
            at = now(session)
            user = User(
                email="c@example.org",
                display_name="C",
                roles=frozenset({Role.CLINICIAN}),
                created_at=at,
            )
            team = Team(name="Team", created_at=at)
            patient = Patient(pseudonym="P-1", sex=Sex.UNKNOWN, created_at=at)
            session.add_all([user, team, patient])
            session.flush()
            consent = Consent(
                patient_id=patient.id, purpose=Purpose.CARE, signed_on=at.date(), created_at=at
            )
            visit = Visit(
                patient_id=patient.id, visited_on=at.date(), started_at=at, title="", created_at=at
            )
            session.add_all(
                [PatientTeam(patient_id=patient.id, team_id=team.id, created_at=at), consent, visit]
            )
            self.patient_id, self.visit_id, self.consent_id = patient.id, visit.id, consent.id
            self.caller = Caller(
                user_id=user.id,
                roles=frozenset({Role.CLINICIAN}),
                request_id="test",
                authenticated_by="session",
                team_ids=frozenset({team.id}),
                permission=Permission.VISIT_WRITE,
            )

    def recording(self, *views: str, takes: int = 1) -> UUID:
        """A recording that waits for these views, with takes in it."""
        with self.database.unit_of_work() as session:
            new = NewRecording(declared_views=[View(view) for view in views])
            made = recordings.create(session, self.caller, self.visit_id, new)
            for number in range(takes):
                session.add(
                    Take(
                        patient_id=self.patient_id,
                        visit_id=self.visit_id,
                        recording_id=made.id,
                        number=number + 1,
                        movement="full_smile",
                        created_at=now(session),
                    )
                )
            return made.id

    def announce(self, recording_id: UUID, view: str, content: bytes, **more: Any) -> UUID:
        """Announce a file for a view."""
        what = Announcement(recording_id=recording_id, view=View(view), **more)
        return self.receiving.announce(self.caller, what, len(content)).id

    async def sending(
        self,
        upload_id: UUID,
        content: bytes,
        offset: int = 0,
        checksum: ChunkChecksum | None = None,
        lost: bool = False,
    ) -> int:
        """Send bytes as one request; `lost`: the connection ends behind them."""

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(content), 1000):
                yield content[at : at + 1000]
            if lost:
                raise ClientDisconnect

        return await self.receiving.receive(self.caller, upload_id, offset, checksum, chunks())

    def send(self, upload_id: UUID, content: bytes, **more: Any) -> int:
        """Send bytes as one request, with the further arguments of `sending`."""
        return asyncio.run(self.sending(upload_id, content, **more))

    def upload_at_once(self, recording_id: UUID, contents: dict[str, bytes]) -> None:
        """Send several views at the same time."""
        ids = {view: self.announce(recording_id, view, contents[view]) for view in contents}

        async def send_all() -> None:
            await asyncio.gather(*(self.sending(ids[view], contents[view]) for view in contents))

        asyncio.run(send_all())

    def upload(self, recording_id: UUID, view: str, content: bytes) -> UUID:
        """Announce and send a whole file."""
        upload_id = self.announce(recording_id, view, content)
        self.send(upload_id, content)
        return upload_id

    def rows(self, entity: type[Base]) -> list[Any]:
        """All rows of a table."""
        with self.database.unit_of_work(read_only=True) as session:
            return list(session.scalars(select(entity)))

    def stored(self) -> set[str]:
        """The names of all objects."""
        return {entry.name for entry in self.objects.listing()}

    def files(self) -> list[str]:
        """What lies in the folder of partial uploads."""
        return [path.name for path in self.receiving._partials._folder.iterdir()]


@pytest.fixture
def clinic(database, site_keys, tmp_path) -> Clinic:
    """A patient's visit, ready to be filled."""
    settings = Settings(data_dir=tmp_path / "data", reserve_bytes=0)
    storage = Storage(LocalObjects(tmp_path / "objects"), site_keys)
    return Clinic(database, storage, Receiving(database, storage, settings))
