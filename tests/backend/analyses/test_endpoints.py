"""What people get to see of results, and who does not."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from results import FRAMES
from sqlalchemy import select, update

from backend.access import Role
from backend.db.models import AuditEntry, Consent, Purpose, Visit
from models.measures.table import CSV_HEADER
from models.stream import MeshStream

API = "/api/v1"
RESULTS = (
    "",
    "/measures",
    "/series",
    "/streams/vertices",
    "/streams/asymmetry/header",
    "/streams/vertices/chunks/0",
)
FACES = ("/overlays/center",)
EXPORTS = ("/meshes.npz", "/measures.csv")


@pytest.fixture
def published(clinic_at):
    """(patient, analysis) of a patient of the home team."""
    with clinic_at() as clinic:
        patient = clinic.patient()
        return patient, clinic.analysis(clinic.take(clinic.visit(patient)))


def audited(service, action):
    with service.database.unit_of_work() as session:
        return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def test_nobody_sees_anything_without_signing_in(service, published):
    _, analysis = published
    for path in (*RESULTS, *FACES, *EXPORTS):
        assert service.anonymous().get(f"{API}/analyses/{analysis.id}{path}").status_code == 401


def test_foreign_results_look_like_missing_ones(service, published):
    patient, analysis = published
    stranger = service.client(Role.CLINICIAN, teams=())
    foreign = [f"{API}/analyses/{analysis.id}{path}" for path in (*RESULTS, *FACES, *EXPORTS)]
    foreign += [
        f"{API}/patients/{patient.id}/analyses",
        f"{API}/visits/{analysis.visit_id}/measures",
        f"{API}/takes/{analysis.take_id}/analyses",
        f"{API}/visits/{analysis.visit_id}/measures.csv",
    ]
    for path in foreign:
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("role", "results", "faces", "meshes", "table"),
    [
        (Role.CLINICIAN, 200, 200, 200, 200),
        (Role.THERAPIST, 200, 200, 403, 200),
        (Role.RESEARCHER, 404, 403, 403, 403),
        (Role.ADMIN, 404, 404, 403, 403),
    ],
)
def test_each_role_sees_what_it_may(service, published, role, results, faces, meshes, table):
    _, analysis = published
    client = service.client(role)
    for path in RESULTS:
        assert client.get(f"{API}/analyses/{analysis.id}{path}").status_code == results, path
    assert client.get(f"{API}/analyses/{analysis.id}/overlays/center").status_code == faces
    assert client.get(f"{API}/analyses/{analysis.id}/meshes.glb").status_code == meshes
    assert client.get(f"{API}/analyses/{analysis.id}/measures.csv").status_code == table


def test_a_researcher_sees_consenting_patients_without_dates_and_videos(service, clinic_at):
    with clinic_at() as clinic:
        patient = clinic.patient(Purpose.CARE, Purpose.RESEARCH)
        clinic.visit(patient)
        analysis = clinic.analysis(clinic.take(clinic.visit(patient, day=35)))
    client = service.client(Role.RESEARCHER, teams=())
    seen = client.get(f"{API}/analyses/{analysis.id}").json()
    assert (seen["day"], seen["published_at"]) == (35, None)
    assert client.get(f"{API}/analyses/{analysis.id}/streams/vertices").status_code == 200
    assert client.get(f"{API}/analyses/{analysis.id}/overlays/center").status_code == 403


def test_withdrawn_consent_hides_the_results(service, published):
    patient, analysis = published
    with service.database.unit_of_work() as session:
        session.execute(update(Consent).values(withdrawn_at=service.database.clock.now()))
    client = service.client(Role.CLINICIAN)
    for path in (*RESULTS, *FACES, *EXPORTS):
        assert client.get(f"{API}/analyses/{analysis.id}{path}").status_code == 404
    assert client.get(f"{API}/patients/{patient.id}/analyses").status_code == 404


def test_the_latest_version_is_listed_and_all_on_request(service, clinic_at):
    with clinic_at() as clinic:
        take = clinic.take(clinic.visit(clinic.patient()))
        first, second = clinic.analysis(take), clinic.analysis(take, reach_mm=6.0)
    client = service.client(Role.CLINICIAN)
    (only,) = client.get(f"{API}/visits/{take.visit_id}/analyses").json()["items"]
    assert (only["id"], only["version"], only["latest"]) == (str(second.id), 2, True)
    every = client.get(f"{API}/takes/{take.id}/analyses").json()
    assert [item["id"] for item in every["items"]] == [str(second.id), str(first.id)]
    assert every["total"] == 2
    assert client.get(f"{API}/analyses/{first.id}").json()["latest"] is False
    listed = client.get(f"{API}/patients/{take.patient_id}/analyses", params={"movement": "rest"})
    assert listed.json()["items"] == []


def test_all_results_are_listed_by_pseudonym_to_whom_they_concern(service, clinic_at):
    with clinic_at() as clinic:
        cared, both = clinic.patient(), clinic.patient(Purpose.CARE, Purpose.RESEARCH)
        foreign = clinic.patient(own=False)
        for patient in (cared, both, foreign):
            clinic.analysis(clinic.take(clinic.visit(patient)))
        pucker = clinic.analysis(clinic.take(clinic.visit(cared, 7), "pucker"))

    def seen(client, **params):
        items = client.get(f"{API}/analyses", params=params).json()["items"]
        return [item["pseudonym"] for item in items]

    assert seen(service.client(Role.CLINICIAN)) == [
        cared.pseudonym, both.pseudonym, cared.pseudonym,
    ]  # fmt: skip
    assert seen(service.client(Role.RESEARCHER, teams=())) == [both.pseudonym]
    assert seen(service.client(Role.ADMIN)) == []
    page = service.client(Role.THERAPIST).get(f"{API}/analyses", params={"limit": 1}).json()
    assert (page["items"][0]["id"], page["total"], page["next"]) == (str(pucker.id), 3, 1)
    assert seen(service.client(Role.THERAPIST), movement="pucker") == [cared.pseudonym]


def test_void_visits_take_their_results_along(service, published):
    patient, analysis = published
    client = service.client(Role.CLINICIAN)
    with service.database.unit_of_work() as session:
        session.execute(update(Visit).values(voided_at=service.database.clock.now()))
    assert client.get(f"{API}/analyses/{analysis.id}").status_code == 404
    assert client.get(f"{API}/patients/{patient.id}/analyses").json()["items"] == []


def test_measures_are_filtered_sorted_and_paged(service, published):
    _, analysis = published
    client = service.client(Role.THERAPIST)

    def found(**params):
        return client.get(f"{API}/analyses/{analysis.id}/measures", params=params).json()

    assert found()["total"] == 5
    assert {m["side"] for m in found(measure="commissure_excursion")["items"]} == {"left", "right"}
    assert found(level="repetition")["items"][0]["repetition"] == 1
    assert found(side=["both", "right"])["total"] == 2
    assert found(determined=True)["total"] == 4
    (undetermined,) = found(region="periocular")["items"]
    assert undetermined["value"] is None
    assert undetermined["reason"]
    values = [m["value"] for m in found(sort="-value")["items"]]
    assert values == [8.0, 8.0, 8.0, 0.9, None]
    for wrong in ("x\0y", "a b", "ä" * 5, ""):
        refused = client.get(f"{API}/analyses/{analysis.id}/measures", params={"measure": wrong})
        assert refused.status_code == 422
    page = found(limit=2, offset=2)
    assert (len(page["items"]), page["next"]) == (2, 4)
    visit = client.get(f"{API}/visits/{analysis.visit_id}/measures").json()
    assert visit["total"] == 5


def test_every_file_of_an_analysis_is_read_at_its_address(service, published):
    _, analysis = published
    client = service.client(Role.CLINICIAN)
    seen = client.get(f"{API}/analyses/{analysis.id}").json()
    assert {file["role"] for file in seen["files"]} == {
        "vertices", "asymmetry", "displacement", "uncertainty", "series", "overlay",
    }  # fmt: skip
    for file in seen["files"]:
        answer = client.get(file["href"])
        assert answer.status_code == 200, file
        if file["role"] != "series":
            assert len(answer.content) == file["size_bytes"]
            assert answer.headers["etag"] == f'"{file["sha256"]}"'
            assert answer.headers["cache-control"] == "no-store"
    surface = client.get(seen["topology_href"])
    assert "immutable" in surface.headers["cache-control"]
    again = client.get(seen["topology_href"], headers={"If-None-Match": surface.headers["etag"]})
    assert again.status_code == 304


def test_a_stream_is_played_by_ranges_or_chunks(service, published):
    _, analysis = published
    client = service.client(Role.CLINICIAN)
    address = f"{API}/analyses/{analysis.id}/streams/displacement"
    whole = client.get(address)
    part = client.get(address, headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, whole.content[100:300])
    header = client.get(f"{address}/header").json()
    assert (header["frames"], header["sha256"]) == (FRAMES, whole.headers["etag"].strip('"'))
    chunks = [client.get(chunk["href"]).content for chunk in header["chunks"]]
    assert whole.content.endswith(b"".join(chunks))
    assert client.get(f"{address}/chunks/2").status_code == 404
    with MeshStream(whole.content) as stream:
        assert np.isclose(stream.all().max(), 8.0, atol=0.01)


def test_each_look_at_a_face_is_audited_once_in_a_while(service, published):
    patient, analysis = published
    client = service.client(Role.CLINICIAN)
    for _ in range(3):
        client.get(f"{API}/analyses/{analysis.id}/overlays/center", headers={"Range": "bytes=0-9"})
    (entry,) = audited(service, "face.read")
    assert (entry.actor_id, entry.patient_id) == (client.user.id, patient.id)
    service.database.clock.advance(minutes=11)
    client.get(f"{API}/analyses/{analysis.id}/overlays/center")
    service.client(Role.CLINICIAN).get(f"{API}/analyses/{analysis.id}/overlays/center")
    assert len(audited(service, "face.read")) == 3


def test_the_curves_come_typed(service, published):
    _, analysis = published
    series = service.client(Role.THERAPIST).get(f"{API}/analyses/{analysis.id}/series").json()
    assert [curve["side"] for curve in series["curves"]] == ["left", "right"]
    assert len(series["time_s"]) == len(series["curves"][0]["values"]) == FRAMES
    assert series["repetitions"][0]["peak_s"] == 1.0


def test_downloads_are_pseudonymous_and_carry_the_notice(service, published):
    patient, analysis = published
    client = service.client(Role.CLINICIAN)
    name = f"{patient.pseudonym}-visit1-take1-full_smile"
    glb = client.get(f"{API}/analyses/{analysis.id}/meshes.glb")
    assert glb.headers["content-disposition"] == f'attachment; filename="{name}.glb"'
    assert service.settings.notice.encode() in glb.content
    npz = client.get(f"{API}/analyses/{analysis.id}/meshes.npz", headers={"Range": "bytes=0-1"})
    assert (npz.status_code, npz.content) == (206, b"PK")
    for kind in ("obj", "ply"):
        one = client.get(f"{API}/analyses/{analysis.id}/meshes.{kind}", params={"frame": 20})
        assert one.headers["content-disposition"].endswith(f'{name}-frame20.{kind}"')
        assert service.settings.notice.encode() in one.content
    assert client.get(f"{API}/analyses/{analysis.id}/meshes.obj").status_code == 422
    missing = client.get(f"{API}/analyses/{analysis.id}/meshes.obj", params={"frame": FRAMES})
    assert (missing.status_code, missing.json()["code"]) == (422, "invalid")
    assert len(audited(service, "face.export")) == 4


def test_the_table_of_a_patient_numbers_visits_and_leaves_out_what_does_not_count(
    service, clinic_at
):
    with clinic_at() as clinic:
        patient = clinic.patient()
        for day, number in ((30, 1), (0, 1), (30, 2)):
            visit = clinic.visit(patient, day)
            take = clinic.take(visit, number=number)
            clinic.analysis(take)
            clinic.analysis(take, reach_mm=5.0)
        excluded = clinic.take(visit, number=9)
        excluded.excluded_at = service.database.clock.now()
        clinic.analysis(excluded)
    client = service.client(Role.THERAPIST)
    answer = client.get(f"{API}/patients/{patient.id}/measures.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == CSV_HEADER
    assert len(rows) == 3 * 5
    assert [(row["visit"], row["take"]) for row in rows[::5]] == [
        ("1", "1"),
        ("2", "1"),
        ("3", "2"),
    ]
    assert {row["pseudonym"] for row in rows} == {patient.pseudonym}
    assert {row["notice"] for row in rows} == {service.settings.notice}
    assert rows[0]["value"] == "5.0000"
    assert len(audited(service, "measures.export")) == 1
    one = client.get(f"{API}/visits/{visit.id}/measures.csv")
    assert one.headers["content-disposition"].endswith(f'"{patient.pseudonym}-visit3-measures.csv"')
