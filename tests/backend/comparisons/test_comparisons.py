"""Two visits against each other, as clinicians meet them."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest
from results import FRAMES, measure
from sqlalchemy import select

from backend.access import Role
from backend.db.models import (
    AuditEntry,
    Consent,
    Job,
    JobKind,
    JobState,
    Purpose,
    RecordingState,
    RowSide,
    Verdict,
    Visit,
)
from backend.db.session import now
from models.capture.verdict import QCCheck, QCReport
from models.stream import MeshStream

API = "/api/v1"


@pytest.fixture
def two_visits(clinic_at):
    """Opens two visits of one patient, 90 days apart, with a smile each; keywords per visit."""

    def made(before=None, after=None, purposes=()):
        with clinic_at() as clinic:
            patient = clinic.patient(*purposes)
            return [
                clinic.analysis(clinic.take(clinic.visit(patient, day)), **(choices or {}))
                for day, choices in ((0, before), (90, after))
            ]

    return made


def pair(analyses):
    before, after = analyses
    return {"before": str(before.visit_id), "after": str(after.visit_id)}


def changes(client, analyses, **params):
    return client.get(f"{API}/comparisons/changes", params={**pair(analyses), **params})


def test_only_who_may_compare_compares(service, two_visits):
    analyses = two_visits()
    addresses = [
        ("/comparisons", pair(analyses)),
        ("/comparisons/changes", pair(analyses)),
        ("/comparisons/phases", {"before": str(analyses[0].id), "after": str(analyses[1].id)}),
        (f"/patients/{analyses[0].patient_id}/trends/keys", {}),
    ]
    expected = [
        (service.anonymous(), 401),
        (service.client(Role.CLINICIAN), 200),
        (service.client(Role.THERAPIST), 200),
        (service.client(Role.ADMIN), 403),
        (service.client(Role.CLINICIAN, teams=()), 404),
        (service.client(Role.RESEARCHER), 404),
    ]
    for client, status in expected:
        for path, params in addresses:
            assert client.get(f"{API}{path}", params=params).status_code == status, path


def test_a_change_beyond_the_error_is_told_and_never_called_better(service, two_visits):
    analyses = two_visits({"reach_mm": 6.0}, {"reach_mm": 9.0})
    client = service.client(Role.CLINICIAN)
    seen = client.get(f"{API}/comparisons", params=pair(analyses)).json()
    assert (seen["before"]["day"], seen["after"]["day"]) == (0, 90)
    assert (seen["before"]["number"], seen["after"]["visited_on"]) == (1, "2030-04-01")
    (smile,) = seen["movements"]
    assert (smile["movement"], smile["comparable"], smile["same_scale"]) == (
        "full_smile",
        True,
        True,
    )
    found = changes(client, analyses, measure="commissure_excursion", side="left").json()
    (change,) = found["items"]
    assert change["difference"] == pytest.approx(3.0)
    assert change["ci_lo"] == pytest.approx(3.0 - 0.3 * 2**0.5)
    assert change["verdict"] == "yes"
    assert change["mdc95"] == {"value": 1.3, "source": "literature, healthy"}
    (other,) = changes(client, analyses, side="right").json()["items"]
    assert (other["difference"], other["verdict"]) == (0.0, "no")


def test_what_can_not_be_told_has_a_reason(service, two_visits):
    analyses = two_visits({"reach_mm": 6.0}, {"reach_mm": 9.0})
    found = changes(service.client(Role.THERAPIST), analyses).json()["items"]
    unknown = {c["measure"]: c for c in found if c["verdict"] == "unknown"}
    assert set(unknown) == {"lid_gap_min", "trajectory_correlation"}
    assert all(change["reason"] for change in unknown.values())
    assert unknown["lid_gap_min"]["difference"] is None
    assert unknown["trajectory_correlation"]["mdc95"] is None


def test_a_rejected_take_says_nothing_of_a_change(service, two_visits):
    rows = (measure("commissure_excursion", 20.0, qc=Verdict.REJECTED),)
    analyses = two_visits({"reach_mm": 6.0}, {"measures": rows})
    (change,) = changes(service.client(Role.CLINICIAN), analyses).json()["items"]
    assert change["verdict"] == "unknown"
    assert "rejected" in change["reason"]


def test_changes_are_sorted_by_size_and_paged(service, two_visits):
    def rows(scale):
        return tuple(measure(f"measure_{n}", 5.0 + scale * n, side=RowSide.BOTH) for n in (2, 1, 3))

    analyses = two_visits({"measures": rows(0)}, {"measures": rows(-1)})
    client = service.client(Role.CLINICIAN)
    first = changes(client, analyses, sort="-magnitude", limit=2).json()
    assert [c["difference"] for c in first["items"]] == [-3.0, -2.0]
    assert (first["total"], first["next"]) == (3, 2)
    rest = changes(client, analyses, sort="-magnitude", limit=2, offset=2).json()
    assert [c["measure"] for c in rest["items"]] == ["measure_1"]


def test_different_models_are_refused_with_an_offer_to_repeat(service, two_visits):
    analyses = two_visits({}, {"model_version": "0.2.0"})
    client = service.client(Role.CLINICIAN)
    seen = client.get(f"{API}/comparisons", params=pair(analyses)).json()
    assert seen["rerun_offered"] is True
    assert seen["movements"][0]["comparable"] is False
    for path, params in (
        ("/comparisons/changes", pair(analyses)),
        ("/comparisons/phases", {"before": str(analyses[0].id), "after": str(analyses[1].id)}),
        ("/comparisons/displacement", {"before": analyses[0].id, "after": analyses[1].id}),
    ):
        refused = client.get(f"{API}{path}", params=params)
        assert (refused.status_code, refused.json()["code"]) == (409, "model_versions_differ")
        assert refused.json()["movements"] == ["full_smile"]
        assert refused.json()["next_step"]


def test_repeating_queues_both_takes_once(service, clinic_at, two_visits):
    analyses = two_visits({}, {"model_version": "0.2.0"})
    with clinic_at() as clinic:
        for analysis in analyses:
            clinic.recorded(analysis.take_id, RecordingState.COMPLETE)
    client = service.client(Role.THERAPIST)
    first = client.post(f"{API}/comparisons/rerun", json=pair(analyses))
    again = client.post(f"{API}/comparisons/rerun", json=pair(analyses))
    assert first.status_code == 202
    assert first.json() == again.json()
    with service.database.unit_of_work() as session:
        jobs = [session.get(Job, UUID(job_id)) for job_id in first.json()["job_ids"]]
        assert {job.take_id for job in jobs} == {analysis.take_id for analysis in analyses}
        assert {job.kind for job in jobs} == {JobKind.ANALYZE_TAKE}
    nothing = client.post(f"{API}/comparisons/rerun", json={**pair(analyses), "movements": ["x"]})
    assert nothing.json() == {"job_ids": []}
    researcher = service.client(Role.RESEARCHER)
    assert researcher.post(f"{API}/comparisons/rerun", json=pair(analyses)).status_code == 403


def test_nothing_is_repeated_without_consent_or_recording(service, clinic_at, two_visits):
    analyses = two_visits({}, {"model_version": "0.2.0"})
    client = service.client(Role.CLINICIAN)
    refused = client.post(f"{API}/comparisons/rerun", json=pair(analyses))
    assert (refused.status_code, refused.json()["code"]) == (409, "recording_incomplete")
    with clinic_at() as clinic:
        for consent in clinic.session.scalars(select(Consent)):
            consent.withdrawn_at = now(clinic.session)
    start = client.post(f"{API}/takes/{analyses[0].take_id}/analyses")
    assert (start.status_code, start.json()["code"]) == (409, "consent_missing")


def test_a_signed_visit_is_opened_before_it_is_analysed_again(service, clinic_at, two_visits):
    analyses = two_visits({}, {"model_version": "0.2.0"})
    with clinic_at() as clinic:
        for analysis in analyses:
            clinic.recorded(analysis.take_id, RecordingState.COMPLETE)
        clinic.session.get_one(Visit, analyses[0].visit_id).signed_at = now(clinic.session)
    refused = service.client(Role.CLINICIAN).post(f"{API}/comparisons/rerun", json=pair(analyses))
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_signed")
    assert "amend" in refused.json()["next_step"]
    with service.database.unit_of_work() as session:
        assert not [j for j in session.scalars(select(Job)) if j.state is JobState.QUEUED]


def test_visits_of_two_patients_are_not_compared(service, two_visits):
    one, other = two_visits(), two_visits()
    client = service.client(Role.CLINICIAN)
    mixed = client.get(f"{API}/comparisons", params=pair((one[0], other[1])))
    assert (mixed.status_code, mixed.json()["code"]) == (422, "not_one_patient")
    same = client.get(f"{API}/comparisons", params=pair((one[0], one[0])))
    assert (same.status_code, same.json()["code"]) == (422, "invalid")


def test_the_last_good_take_stands_for_its_movement(service, clinic_at):
    rejected = QCReport.of("full", [QCCheck(id="rest", level="reject", reason="No rest.")])
    with clinic_at() as clinic:
        patient = clinic.patient()
        first, second = clinic.visit(patient), clinic.visit(patient, 30)
        good = clinic.analysis(clinic.take(first, number=1), reach_mm=5.0)
        better = clinic.analysis(clinic.take(first, number=2), reach_mm=6.0)
        clinic.analysis(clinic.take(first, number=3), reach_mm=1.0, qc=rejected)
        later = clinic.analysis(clinic.take(second))
        clinic.analysis(clinic.take(second, "pucker", 2))
    client = service.client(Role.CLINICIAN)
    seen = client.get(f"{API}/comparisons", params=pair((good, later))).json()
    by_name = {movement["movement"]: movement for movement in seen["movements"]}
    assert by_name["full_smile"]["before"]["id"] == str(better.id)
    assert by_name["pucker"]["before"] is None
    assert by_name["pucker"]["reason"]


def test_the_same_smile_at_another_pace_is_laid_over_by_phase(service, two_visits):
    analyses = two_visits({"reach_mm": 6.0, "peak_s": 0.7}, {"reach_mm": 9.0, "peak_s": 1.2})
    ids = {"before": str(analyses[0].id), "after": str(analyses[1].id)}
    client = service.client(Role.CLINICIAN)
    anchors = client.get(f"{API}/comparisons/phases", params=ids).json()["anchors"]
    (peak,) = [anchor for anchor in anchors if anchor["phase"] == "peak"]
    assert (peak["before_s"], peak["after_s"]) == (0.7, 1.2)
    answer = client.get(f"{API}/comparisons/displacement", params=ids)
    assert answer.status_code == 200
    with MeshStream(answer.content) as stream:
        assert (stream.header.name, stream.header.unit) == ("displacement_difference", "mm")
        field = stream.all()
    assert field.shape[0] == FRAMES
    assert np.nanmax(field) == pytest.approx(3.0, abs=0.02)
    assert np.nanmin(field) >= -0.01
    part = client.get(
        f"{API}/comparisons/displacement",
        params=ids,
        headers={"Range": "bytes=0-7", "If-Range": answer.headers["etag"]},
    )
    assert (part.status_code, part.content) == (206, b"SFPFRMS\n")
    with service.database.unit_of_work() as session:
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "face.read")).all()
    assert {entry.object_id for entry in looks} == set(ids.values())


def test_takes_of_different_movements_are_not_laid_over(service, clinic_at):
    with clinic_at() as clinic:
        visit = clinic.visit(clinic.patient())
        smile = clinic.analysis(clinic.take(visit, "full_smile", 1))
        pucker = clinic.analysis(clinic.take(visit, "pucker", 2))
    ids = {"before": str(smile.id), "after": str(pucker.id)}
    refused = service.client(Role.CLINICIAN).get(f"{API}/comparisons/phases", params=ids)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_one_movement")


def test_a_researcher_compares_without_dates(service, two_visits):
    analyses = two_visits(purposes=(Purpose.CARE, Purpose.RESEARCH))
    client = service.client(Role.RESEARCHER, teams=())
    seen = client.get(f"{API}/comparisons", params=pair(analyses)).json()
    assert (seen["after"]["day"], seen["after"]["visited_on"]) == (90, None)
    assert seen["movements"][0]["after"]["published_at"] is None
