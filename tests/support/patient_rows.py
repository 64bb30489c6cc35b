"""A patient's rows of every kind, and what the patient is to the one who asks for them."""

from __future__ import annotations

import base64
from uuid import uuid4

from service_factories import Service

from backend.access import Role
from backend.db.models import Patient, Purpose, RecordingState, UploadKind, UploadState, User, View

# What a row is to the one who asks.
OWN, TEAM, FOREIGN, GLASS, RESEARCH, MISSING = (
    "made by themselves",
    "made by a colleague",
    "foreign",
    "foreign, glass broken",
    "foreign, consents to research",
    "missing",
)
ROWS = (OWN, TEAM, FOREIGN, GLASS, RESEARCH, MISSING)


def rows_of(site: Service, asker: User, row: str) -> dict[str, str]:
    """Rows of a patient who is this to the one who asks, by the names of path parameters."""
    make = site.make
    with make.together():
        colleague = make.user(Role.CLINICIAN)
        team = site.team if row in (OWN, TEAM) else make.team()
        by = {"created_by_id": asker.id if row == OWN else colleague.id}
        consents = (Purpose.CARE, Purpose.RESEARCH) if row == RESEARCH else (Purpose.CARE,)
        patient: Patient = make.patient(team, consents=consents, **by)
        consent = make.consent(patient, Purpose.TEACHING, **by)
        episode = make.episode(patient, **by)
        event = make.event(episode, **by)
        visit, later = (make.visit(patient, **by) for _ in range(2))
        recording = make.recording(
            visit, declared_views=["center", "left"], state=RecordingState.WAITING, **by
        )
        make.view(recording, View.CENTER)
        upload = make.upload(recording, **by)
        scan = make.upload(
            recording,
            kind=UploadKind.CONSENT,
            view=None,
            state=UploadState.ACCEPTED,
            received_bytes=10,
            blob_id=make.blob(patient.id).id,
            **by,
        )
        take = make.take(visit, recording, **by)
        analysis = make.analysis(take)
        job = make.job(take, **by)
        invitation = make.invitation(patient, colleague, **by)
        if row == GLASS:
            make.broken_glass(patient, asker)
        proposal = make.proposal(take, **by)
        other = make.patient(team)
        merge = make.merge(patient, make.patient(team), asker)
        export, archive = make.export(patient, **by), make.export(None, **by)
        use = make.broken_glass(make.patient(team), colleague)
    names = {
        "patient_id": patient.id,
        "pseudonym": patient.pseudonym,
        "other_patient_id": other.id,
        "merge_id": merge.id,
        "consent_id": consent.id,
        "episode_id": episode.id,
        "event_id": event.id,
        "visit_id": visit.id,
        "later_visit_id": later.id,
        "recording_id": recording.id,
        "upload_id": upload.id,
        "scan_id": scan.id,
        "take_id": take.id,
        "analysis_id": analysis.id,
        "job_id": job.id,
        "invitation_id": invitation.id,
        "review_id": proposal.id,
        "export_id": export.id,
        "archive_id": archive.id,
        "use_id": use.id,
        "user_id": colleague.id,
        "team_id": team.id,
    }
    if row == MISSING:
        names = {name: uuid4() for name in names}
    about = f"recording_id {encoded(names['recording_id'])},view {encoded('left')}"
    return {
        **{name: str(value) for name, value in names.items()},
        # A choice within what is asked for, and what must be there for the question to be one.
        "colleague_id": str(colleague.id),
        "home_team_id": str(site.team.id),
        "upload_metadata": about,
        "new": f"N-{uuid4().hex[:8]}".upper(),
        "view": "center",
        "stream": "vertices",
        "format": "obj",
        "number": "0",
        "part": "mesh",
        "topology_id": "open",
        "data_class": "videos",
    }


def encoded(value: object) -> str:
    return base64.b64encode(str(value).encode()).decode()
