"""First looks at recordings, videos for the browser, and what is kept for analysing again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from backend.consents import service as consents
from backend.db.models import Purpose, Recording, RecordingFileRole, Take, Verdict, View
from backend.jobs import leases
from backend.takes.service import measured_as
from models.assets import manifest
from models.capture.kept import SCHEMA_VERSION, crops_file, look_file, observation_file
from worker import repository
from worker.computing.orders import LookOrder, ProxyOrder, Video
from worker.desk import Desk
from worker.plans import ViewInput
from worker.site import Stored, keep

_BINARY = "application/octet-stream"
VERDICTS = {
    "ok": Verdict.OK,
    "usable_with_warning": Verdict.WARNING,
    "rejected": Verdict.REJECTED,
}
KEPT = {
    RecordingFileRole.LOOK: look_file,
    RecordingFileRole.OBSERVATION: observation_file,
    RecordingFileRole.CROPS: crops_file,
}
_NETWORKS = ("face_detection_onnx", "face_landmarks_onnx")


def quick_look(desk: Desk) -> None:
    """Give each take of a recording its first verdict, and keep what was seen for its analysis."""
    recording, views = desk.site.read(lambda session: _checked(session, desk))
    takes = desk.site.read(lambda session: _measured_takes(session, recording))
    cache, out = desk.folder("cache"), desk.folder("out")
    order = LookOrder(
        videos=fetched_videos(desk, views),
        takes=tuple((movement, take.start_s, take.end_s) for take, movement in takes),
        cache=cache,
        out=out,
    )
    desk.compute("takes:first_look", order)
    reports = {
        take.id: json.loads(path.read_bytes())
        for number, (take, _) in enumerate(takes)
        if (path := out / f"qc_{number}.json").is_file()
    }
    stored = store_cache(desk, recording, cache, views, (RecordingFileRole.LOOK,))

    def publish(session: Session) -> None:
        leases.held(session, desk.lease)
        keep_cache(session, recording, stored)
        for take_id, report in reports.items():
            tell_verdict(session, desk, take_id, report)

    desk.site.commit(publish)


def tell_verdict(session: Session, desk: Desk, take_id: UUID, report: Mapping[str, Any]) -> None:
    """Keep the early word of quality control, and tell those who wait for it."""
    verdict = VERDICTS[report["verdict"]]
    payload = {"take_id": str(take_id), "verdict": verdict.value}
    leases.note(session, desk.lease, "verdict", payload)
    repository.set_first_verdict(session, take_id, verdict, report)


def proxy(desk: Desk) -> None:
    """Make a seekable video and a thumbnail of each view."""
    recording, views = desk.site.read(lambda session: _checked(session, desk))
    for number, view in enumerate(views):
        source = desk.fetched(view.blob_id, f"video{number}")
        film, picture = desk.scratch / f"proxy{number}", desk.scratch / f"thumbnail{number}"
        made = desk.compute("proxy:make", ProxyOrder(video=source, proxy=film, thumbnail=picture))
        media_type = "image/jpeg" if made["still"] else "video/mp4"
        files = (
            (RecordingFileRole.PROXY, desk.site.put(film, recording.patient_id, media_type)),
            (
                RecordingFileRole.THUMBNAIL,
                desk.site.put(picture, recording.patient_id, "image/jpeg"),
            ),
        )

        def publish(
            session: Session,
            view: View = view.view,
            files: Sequence[tuple[RecordingFileRole, Stored]] = files,
        ) -> None:
            leases.held(session, desk.lease)
            for role, stored in files:
                blob_id = keep(session, stored, recording.patient_id)
                repository.keep_recording_file(session, recording, role, view, blob_id, {})

        desk.site.commit(publish)
        source.unlink()


def fetched_videos(desk: Desk, views: Sequence[ViewInput]) -> tuple[Video, ...]:
    """The videos of a recording in the scratch folder, named by their view."""
    videos = []
    for number, view in enumerate(views):
        desk.tell("fetch", number / len(views))
        # The science tells photographs by their content, and names files in its messages.
        videos.append(Video(path=desk.fetched(view.blob_id, view.view.value), view=view.view.value))
    return tuple(videos)


def fetch_cache(
    desk: Desk,
    recording: Recording,
    views: Sequence[ViewInput],
    folder: Path,
    roles: Collection[RecordingFileRole],
) -> set[RecordingFileRole]:
    """Bring what is kept of a recording into `folder`; returns what was there for all views.

    What another version kept, or was kept of another file, is left out: it is observed anew.
    """
    by_role = desk.site.read(
        lambda session: {
            role: repository.recording_files(session, recording.id, role) for role in roles
        }
    )
    there = set()
    for role, kept in by_role.items():
        usable = [v.view in kept and kept[v.view].details == _origin(v) for v in views]
        if not all(usable):
            continue
        there.add(role)
        for number, view in enumerate(views):
            path = KEPT[role](folder, number)
            desk.fetched(kept[view.view].blob_id, str(path.relative_to(desk.scratch)))
    return there


def store_cache(
    desk: Desk,
    recording: Recording,
    folder: Path,
    views: Sequence[ViewInput],
    roles: Collection[RecordingFileRole],
) -> list[tuple[RecordingFileRole, ViewInput, Stored]]:
    """Store what was observed; rows come with `keep_cache`."""
    return [
        (role, view, desk.site.put(path, recording.patient_id, _BINARY))
        for role in roles
        for number, view in enumerate(views)
        if (path := KEPT[role](folder, number)).is_file()
    ]


def keep_cache(
    session: Session,
    recording: Recording,
    stored: Sequence[tuple[RecordingFileRole, ViewInput, Stored]],
) -> None:
    """Let the recording have what was stored."""
    for role, view, file in stored:
        blob_id = keep(session, file, recording.patient_id)
        repository.keep_recording_file(session, recording, role, view.view, blob_id, _origin(view))


def _origin(view: ViewInput) -> dict[str, Any]:
    """What a kept observation comes from: the file, the networks, the form it is kept in."""
    networks = {name: manifest()[name].sha256 for name in _NETWORKS}
    return {"cache_version": SCHEMA_VERSION, "sha256": view.sha256, **networks}


def _measured_takes(session: Session, recording: Recording) -> list[tuple[Take, str]]:
    """The takes in a recording that have measures, with the movement whose measures they are."""
    visit = repository.visit(session, recording.visit_id)
    measured = (
        (take, measured_as(session, visit, take))
        for take in repository.takes_in(session, recording.id)
    )
    return [(take, movement) for take, movement in measured if movement is not None]


def _checked(session: Session, desk: Desk) -> tuple[Recording, list[ViewInput]]:
    """The recording of the job with its views; raises ConsentMissingError."""
    assert desk.job.recording_id is not None
    recording = repository.recording(session, desk.job.recording_id)
    consents.require(session, recording.patient_id, Purpose.CARE)
    views = repository.views(session, recording.id)
    return recording, [
        ViewInput(view=view.view, blob_id=view.blob_id, sha256=view.sha256) for view in views
    ]
