"""Previews of a correction: nothing but the answer is kept, and that not for long."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.consents import service as consents
from backend.db.models import FileRole, Purpose, RecordingFileRole
from backend.jobs import leases
from backend.jobs.previews import RESULT
from backend.jobs.schemas import PreviewRequest
from worker import repository
from worker.computing.orders import PreviewOrder, Video
from worker.desk import Desk
from worker.errors import RefusedWorkError
from worker.plans import TakePlan
from worker.site import keep
from worker.tasks.recordings import fetch_cache
from worker.tasks.takes import fetched_calibration, written_corrections

_NEEDED = (RecordingFileRole.OBSERVATION, RecordingFileRole.CROPS)


def preview(desk: Desk) -> None:
    """Answer how a face would be fitted with other landmarks; the result is read once and swept."""
    asked = PreviewRequest.model_validate(desk.job.request)
    site = desk.site
    analysis = site.read(lambda session: repository.analysis(session, asked.analysis_id))
    site.read(lambda session: consents.require(session, analysis.patient_id, Purpose.CARE))
    plan = TakePlan.model_validate(analysis.request)
    assert desk.job.recording_id is not None
    recording_id = desk.job.recording_id
    recording = site.read(lambda session: repository.recording(session, recording_id))
    cache, result, out = desk.folder("cache"), desk.folder("result"), desk.folder("out")
    if fetch_cache(desk, recording, plan.views, cache, _NEEDED) != set(_NEEDED):
        raise RefusedWorkError(
            "observations_missing",
            "What was observed in this recording is not kept any more.",
            "Analyse the take again; then corrections can be tried out.",
        )
    files = site.read(
        lambda session: {
            name: repository.analysis_file(session, analysis.id, role)
            for role, name in (
                (FileRole.RECONSTRUCTION, "reconstruction.json"),
                (FileRole.SUBJECT, "subject.json"),
            )
        }
    )
    for name, file in files.items():
        desk.fetched(file.blob_id, f"{result.name}/{name}")
    corrections = written_corrections(desk, asked.corrections.model_dump(mode="json"))
    assert corrections is not None
    desk.compute(
        "previews:preview",
        PreviewOrder(
            # The videos themselves are not needed: all was observed.
            videos=tuple(
                Video(path=desk.scratch / view.view.value, view=view.view.value)
                for view in plan.views
            ),
            frame=asked.frame,
            calibration=fetched_calibration(desk, plan),
            corrections=corrections,
            cache=cache,
            result=result,
            out=out,
        ),
    )
    stored = {
        "mesh": site.put(out / "mesh.sfm", analysis.patient_id, "application/octet-stream"),
        "landmarks": site.put(out / "landmarks.json", analysis.patient_id, "application/json"),
    }

    def publish(session: Session) -> None:
        rows = {part: keep(session, file, analysis.patient_id) for part, file in stored.items()}
        payload = {part: str(blob_id) for part, blob_id in rows.items()}
        leases.note(session, desk.lease, RESULT, payload)

    site.commit(publish)
