"""Recordings of files and jobs about them, straight in the database and storage of a site."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from service_factories import Factory
from sqlalchemy import select

from backend.access import Permission, Role
from backend.blobs import service as blobs
from backend.db.models import (
    ApiToken,
    Blob,
    Job,
    JobKind,
    Recording,
    RecordingState,
    Take,
    Team,
    View,
)
from backend.db.references import blob_references
from backend.jobs.service import enqueue
from backend.kit.storage.blobs import BlobRef
from backend.users.tokens import hashed, new_secret
from worker.site import WorkSite


@dataclass
class Clinic:
    """Puts recordings into a site and jobs into its queue."""

    site: WorkSite
    make: Factory

    def take(
        self, *files: Path, views: tuple[View, ...] = (View.CENTER,), **values: object
    ) -> Take:
        """A take of a new recording with these files, in a new visit of a new patient."""
        visit = values.pop("visit", None) or self.make.visit(self.make.patient())
        recording = self.recording(visit, *files, views=views)
        return self.make.take(visit, recording, **{"movement": "rest", **values})

    def recording(self, visit: object, *files: Path, views: tuple[View, ...]) -> Recording:
        """A complete recording of a visit."""
        recording = self.make.recording(
            visit, declared_views=list(views), state=RecordingState.COMPLETE
        )
        for view, file in zip(views, files, strict=True):
            stored = self.site.storage.put(
                [file.read_bytes()], blobs.context_of(recording.patient_id)
            )
            with self.site.database.unit_of_work() as session:
                blob = blobs.keep(
                    session,
                    stored,
                    patient_id=recording.patient_id,
                    media_type="application/octet-stream",
                )
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            self.make.view(recording, view, blob_id=blob.id, sha256=digest)
        return recording

    def token(self, team: Team) -> str:
        """An API token of a new clinician of a team, with all rights of one."""
        user = self.make.user(Role.CLINICIAN, teams=(team,))
        secret, at = new_secret(), self.site.database.clock.now()
        self.make.save(
            ApiToken(
                user_id=user.id,
                name="test",
                token_hash=hashed(secret),
                scopes=frozenset(Permission),
                created_at=at,
                expires_at=at + timedelta(hours=1),
            )
        )
        return secret

    def enqueue(self, kind: JobKind, take: Take, **how: object) -> Job:
        """Queue a job about a take and its recording."""
        about = {
            "patient_id": take.patient_id,
            "visit_id": take.visit_id,
            "recording_id": take.recording_id,
        }
        if kind in (JobKind.ANALYZE_TAKE, JobKind.OVERLAY, JobKind.PREVIEW):
            about["take_id"] = take.id
        with self.site.database.unit_of_work() as session:
            return enqueue(session, kind, **about, **how)

    def rows(self, entity: type, **values: object) -> list:
        """All rows of a table with these values."""
        with self.site.database.unit_of_work(read_only=True) as session:
            return list(session.scalars(select(entity).filter_by(**values)))

    def job(self, job: Job) -> Job:
        """A job as it is now."""
        with self.site.database.unit_of_work(read_only=True) as session:
            return session.get_one(Job, job.id)

    def ref(self, blob_id: UUID) -> BlobRef:
        """Where a blob lies."""
        with self.site.database.unit_of_work(read_only=True) as session:
            return blobs.ref(blobs.get(session, blob_id))

    def content(self, blob_id: UUID) -> bytes:
        """What is in a blob."""
        return self.site.storage.read(self.ref(blob_id))

    def check_nothing_is_left_over(self) -> None:
        """No blob without an owner and no object without a row after a sweep; no scratch folder."""
        database, storage = self.site.database, self.site.storage
        blobs.sweep(database, storage, grace=timedelta(0))
        rows = self.rows(Blob)
        with database.unit_of_work(read_only=True) as session:
            used = {
                value
                for column in blob_references()
                for (value,) in session.execute(column.table.select().with_only_columns(column))
            }
        assert {row.id for row in rows} <= used
        later = database.clock.now() + timedelta(days=1)
        assert set(storage.names(later)) == {row.object_name for row in rows}
        assert not list((self.site.settings.data_dir / "scratch").iterdir())
