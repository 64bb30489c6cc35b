"""Makes people, patients and recordings for tests of the service, straight in the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from backend.access import Role
from backend.db.base import Base
from backend.db.models import (
    Analysis,
    AnalysisState,
    Blob,
    BreakGlass,
    Consent,
    Episode,
    EpisodeEvent,
    EventKind,
    Export,
    ExportState,
    Invitation,
    Job,
    JobKind,
    JobState,
    Membership,
    Patient,
    PatientMerge,
    PatientTeam,
    Purpose,
    Recording,
    RecordingState,
    RecordingView,
    Review,
    ReviewState,
    Sex,
    Take,
    Team,
    Upload,
    UploadKind,
    UploadState,
    User,
    UserSession,
    Verdict,
    View,
    Visit,
)
from backend.db.models.patients import AffectedSide
from backend.db.session import Database
from backend.dependencies import CSRF_HEADER, session_cookie
from backend.kit.ids import uuid7
from backend.patients.repository import note_last_visit
from backend.settings import Settings
from backend.users.tokens import csrf_token, hashed, new_secret

# The least that a reconstruction says of itself.
SUMMARY: dict[str, Any] = {
    "reference_view": "center",
    "affected_side": None,
    "calibrated": False,
    "views": {},
    "scale": {"factor": 1.0, "relative_sigma": 0.03, "source": "iris"},
    "reprojection_share": {},
    "rest_frame": 0,
    "excluded_frames": {},
    "takes": [],
}


@dataclass
class Factory:
    """Each method commits one row with believable values; keywords replace them."""

    database: Database
    _numbers: Any = field(default_factory=lambda: count(1))
    _unit: Session | None = None

    def save(self, row: Base, **sealed: str) -> Any:
        """Store a row; `sealed` are texts of its sealed columns."""
        if self._unit is None:
            with self.together():
                return self.save(row, **sealed)
        self._unit.add(row)
        for name, text in sealed.items():
            setattr(row, name, text)
        self._unit.flush()
        return row

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit what is made inside once, at the end."""
        with self.database.unit_of_work() as self._unit:
            try:
                yield
            finally:
                self._unit = None

    def _stamp(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"created_at": self.database.clock.now(), **values}

    def team(self, **values: Any) -> Team:
        values.setdefault("name", f"Team {next(self._numbers)}")
        return self.save(Team(**self._stamp(values)))

    def user(self, *roles: Role, teams: tuple[Team, ...] = (), **values: Any) -> User:
        number = next(self._numbers)
        values.setdefault("email", f"user{number}@clinic.example")
        values.setdefault("display_name", f"User {number}")
        user: User = self.save(User(roles=frozenset(roles), **self._stamp(values)))
        for team in teams:
            self.join(user, team)
        return user

    def join(self, user: User, team: Team) -> None:
        at = self.database.clock.now()
        self.save(Membership(team_id=team.id, user_id=user.id, created_at=at))

    def patient(
        self, *teams: Team, consents: tuple[Purpose, ...] = (Purpose.CARE,), **values: Any
    ) -> Patient:
        sealed = {k: values.pop(k) for k in ("name", "mrn", "notes", "contact") if k in values}
        values.setdefault("pseudonym", f"P-{next(self._numbers):05}")
        values.setdefault("sex", Sex.UNKNOWN)
        patient: Patient = self.save(Patient(**self._stamp(values)), **sealed)
        at = self.database.clock.now()
        for team in teams:
            self.save(PatientTeam(patient_id=patient.id, team_id=team.id, created_at=at))
        for purpose in consents:
            self.consent(patient, purpose)
        return patient

    def consent(self, patient: Patient, purpose: Purpose = Purpose.CARE, **values: Any) -> Consent:
        values.setdefault("signed_on", self.database.clock.now().date())
        return self.save(Consent(patient_id=patient.id, purpose=purpose, **self._stamp(values)))

    def episode(self, patient: Patient, **values: Any) -> Episode:
        values.setdefault("affected_side", AffectedSide.LEFT)
        values.setdefault("cause", "Bell's palsy")
        return self.save(Episode(patient_id=patient.id, **self._stamp(values)))

    def visit(self, patient: Patient, **values: Any) -> Visit:
        at = self.database.clock.now()
        values.setdefault("visited_on", at.date())
        values.setdefault("started_at", at)
        values.setdefault("title", "")
        if self._unit is None:
            with self.together():
                return self.visit(patient, **values)
        visit: Visit = self.save(Visit(patient_id=patient.id, **self._stamp(values)))
        note_last_visit(self._unit, patient.id)
        return visit

    def recording(self, visit: Visit, **values: Any) -> Recording:
        values.setdefault("declared_views", ["center"])
        values.setdefault("state", RecordingState.WAITING)
        values.setdefault("device", "")
        values.setdefault("known_distances_mm", {})
        values.setdefault("offsets_s", {})
        return self.save(
            Recording(visit_id=visit.id, patient_id=visit.patient_id, **self._stamp(values))
        )

    def blob(self, patient_id: UUID | None = None, **values: Any) -> Blob:
        name = uuid7().hex
        values.setdefault("digest", bytes.fromhex(name * 2))
        values.setdefault("object_name", name)
        values.setdefault("context", name)
        values.setdefault("size_bytes", 1)
        values.setdefault("stored_bytes", 1)
        values.setdefault("media_type", "application/octet-stream")
        return self.save(Blob(patient_id=patient_id, **self._stamp(values)))

    def view(self, recording: Recording, view: View = View.CENTER, **values: Any) -> RecordingView:
        if "blob_id" not in values:
            values["blob_id"] = self.blob(recording.patient_id, media_type="video/mp4").id
        values.setdefault("sha256", "0" * 64)
        values.setdefault("container", "mov,mp4")
        values.setdefault("codec", "h264")
        values.setdefault("width", 1920)
        values.setdefault("height", 1080)
        return self.save(
            RecordingView(
                recording_id=recording.id,
                patient_id=recording.patient_id,
                view=view,
                **self._stamp(values),
            )
        )

    def event(self, episode: Episode, **values: Any) -> EpisodeEvent:
        values.setdefault("kind", EventKind.SURGERY)
        values.setdefault("happened_on", self.database.clock.now().date())
        values.setdefault("title", "Graft")
        return self.save(
            EpisodeEvent(
                episode_id=episode.id, patient_id=episode.patient_id, **self._stamp(values)
            )
        )

    def upload(self, recording: Recording, **values: Any) -> Upload:
        at = self.database.clock.now()
        values.setdefault("kind", UploadKind.VIEW)
        values.setdefault("view", View.LEFT)
        values.setdefault("state", UploadState.OPEN)
        values.setdefault("declared_bytes", 10)
        values.setdefault("received_bytes", 0)
        values.setdefault("expires_at", at + timedelta(hours=24))
        return self.save(
            Upload(
                recording_id=recording.id,
                patient_id=recording.patient_id,
                **self._stamp(values),
            )
        )

    def job(self, take: Take, **values: Any) -> Job:
        values.setdefault("kind", JobKind.ANALYZE_TAKE)
        values.setdefault("state", JobState.FAILED)
        return self.save(
            Job(
                queue="cpu",
                priority=0,
                patient_id=take.patient_id,
                visit_id=take.visit_id,
                recording_id=take.recording_id,
                take_id=take.id,
                request={},
                attempt=1,
                max_attempts=3,
                available_at=self.database.clock.now(),
                fencing_token=1,
                progress=0.0,
                **self._stamp(values),
            )
        )

    def analysis(self, take: Take, **values: Any) -> Analysis:
        values.setdefault("version_number", 1)
        values.setdefault("state", AnalysisState.PRELIMINARY)
        values.setdefault("verdict", Verdict.OK)
        return self.save(
            Analysis(
                patient_id=take.patient_id,
                visit_id=take.visit_id,
                take_id=take.id,
                movement=take.movement,
                fencing_token=1,
                request={},
                request_hash="0" * 64,
                inputs={},
                code_version="1",
                model_name="fit",
                model_version="1",
                weights={},
                topology="open",
                qc={"stage": "full"},
                summary=SUMMARY,
                frames=1,
                published_at=self.database.clock.now(),
                **values,
            )
        )

    def proposal(self, take: Take, **values: Any) -> Review:
        values.setdefault("state", ReviewState.PROPOSED)
        return self.save(
            Review(
                patient_id=take.patient_id,
                visit_id=take.visit_id,
                take_id=take.id,
                base_version=1,
                corrections={},
                **self._stamp(values),
            )
        )

    def export(self, patient: Patient | None, **values: Any) -> Export:
        values.setdefault("expires_at", self.database.clock.now() + timedelta(days=7))
        return self.save(
            Export(
                kind="research" if patient is None else "patient",
                patient_id=None if patient is None else patient.id,
                parameters={},
                state=ExportState.QUEUED,
                **self._stamp(values),
            )
        )

    def invitation(self, patient: Patient, user: User, **values: Any) -> Invitation:
        values.setdefault("expires_at", self.database.clock.now() + timedelta(days=7))
        return self.save(Invitation(patient_id=patient.id, user_id=user.id, **self._stamp(values)))

    def merge(self, kept: Patient, merged: Patient, by: User) -> PatientMerge:
        """The row alone, as if the merged record had been empty."""
        merged.merged_into_id = kept.id
        self.save(merged)
        merge: PatientMerge = self.save(
            PatientMerge(
                kept_id=kept.id,
                merged_id=merged.id,
                moved={"teams_added": [], "consents_ended": []},
                merged_at=self.database.clock.now(),
                merged_by_id=by.id,
            )
        )
        return merge

    def broken_glass(self, patient: Patient, user: User) -> BreakGlass:
        at = self.database.clock.now()
        return self.save(
            BreakGlass(
                patient_id=patient.id,
                user_id=user.id,
                started_at=at,
                expires_at=at + timedelta(hours=4),
            ),
            reason="An emergency.",
        )

    def take(self, visit: Visit, recording: Recording | None = None, **values: Any) -> Take:
        values.setdefault("number", next(self._numbers))
        values.setdefault("movement", "full_smile")
        return self.save(
            Take(
                visit_id=visit.id,
                patient_id=visit.patient_id,
                recording_id=None if recording is None else recording.id,
                **self._stamp(values),
            )
        )


@dataclass
class Service:
    """The application under test with people who are signed in to it."""

    app: FastAPI
    settings: Settings
    database: Database
    make: Factory
    team: Team

    def client(
        self,
        *roles: Role,
        teams: tuple[Team, ...] | None = None,
        user: User | None = None,
        **options: Any,
    ) -> TestClient:
        """A browser of a new user with these roles in the home team (or `teams`), or of `user`.

        The attribute `user` tells who it is.
        """
        if user is None:
            user = self.make.user(*roles, teams=(self.team,) if teams is None else teams)
        secret, at = new_secret(), self.database.clock.now()
        self.make.save(
            UserSession(
                user_id=user.id,
                token_hash=hashed(secret),
                second_factor=True,
                created_at=at,
                last_seen_at=at,
                expires_at=at + timedelta(hours=12),
                user_agent="test",
                address="127.0.0.1",
            )
        )
        client = self.anonymous(**options)
        client.cookies.set(session_cookie(self.settings), secret)
        client.headers[CSRF_HEADER] = csrf_token(self.database.keys, secret)
        client.user = user  # type: ignore[attr-defined]
        return client

    def anonymous(self, **options: Any) -> TestClient:
        """A browser on a page of the service where nobody is signed in."""
        return TestClient(
            self.app,
            base_url=self.settings.public_url,
            headers={"Origin": self.settings.public_url},
            **options,
        )
