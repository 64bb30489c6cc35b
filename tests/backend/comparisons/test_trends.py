"""A measure over all visits."""

from __future__ import annotations

from datetime import date

import pytest
from results import measure

from backend.access import Role
from backend.db.models import AffectedSide, Episode, EpisodeEvent, EventKind, Purpose
from backend.db.session import now

API = "/api/v1"
EXCURSION = {
    "movement": "full_smile",
    "measure": "commissure_excursion",
    "side": "left",
    "region": "perioral",
}


@pytest.fixture
def followed(clinic_at):
    """A patient with four visits: the first of an older model, the third undetermined."""
    with clinic_at() as clinic:
        patient = clinic.patient(Purpose.CARE, Purpose.RESEARCH)
        for day, choices in (
            (0, {"reach_mm": 3.0, "model_version": "0.0.9"}),
            (30, {"reach_mm": 4.0}),
            (60, {"measures": (measure("commissure_excursion", None),)}),
            (120, {"reach_mm": 7.0}),
        ):
            clinic.analysis(clinic.take(clinic.visit(patient, day)), **choices)
        at = now(clinic.session)
        episode = Episode(
            patient_id=patient.id,
            affected_side=AffectedSide.LEFT,
            cause="Bell's palsy",
            created_at=at,
        )
        clinic.session.add(episode)
        clinic.session.flush()
        clinic.session.add(
            EpisodeEvent(
                patient_id=patient.id,
                episode_id=episode.id,
                kind=EventKind.INJECTION,
                happened_on=date(2030, 2, 15),
                title="Botulinum toxin, 5 units",
                created_at=at,
            )
        )
        return patient


def trend(client, patient, **name):
    return client.get(f"{API}/patients/{patient.id}/trends", params={**EXCURSION, **name})


def test_a_trend_has_its_points_lines_and_events(service, followed):
    seen = trend(service.client(Role.THERAPIST), followed).json()
    assert [point["value"] for point in seen["points"]] == [3.0, 4.0, None, 7.0]
    assert [point["visit"]["day"] for point in seen["points"]] == [0, 30, 60, 120]
    assert seen["points"][2]["reason"]
    assert seen["mdc95"] == {"value": 1.3, "source": "literature, healthy"}
    assert seen["perception"]["value"] == 3.0
    assert seen["events"] == [
        {
            "kind": "injection",
            "day": 45,
            "happened_on": "2030-02-15",
            "title": "Botulinum toxin, 5 units",
        }
    ]


def test_no_change_is_told_across_models(service, followed):
    seen = trend(service.client(Role.CLINICIAN), followed).json()
    assert [point["comparable"] for point in seen["points"]] == [False, True, True, True]
    assert seen["rerun_offered"] is True
    assert (seen["change"]["difference"], seen["change"]["verdict"]) == (3.0, "yes")
    other = trend(service.client(Role.CLINICIAN), followed, side="right").json()
    assert other["change"]["difference"] == 0.0


def test_a_measure_without_a_known_error_has_no_lines(service, followed):
    name = {"measure": "trajectory_correlation", "side": "both"}
    seen = trend(service.client(Role.CLINICIAN), followed, **name).json()
    assert (seen["mdc95"], seen["perception"]) == (None, None)
    assert seen["change"]["verdict"] == "unknown"


def test_what_nobody_measured_has_no_trend(service, followed):
    client = service.client(Role.CLINICIAN)
    assert trend(client, followed, movement="pucker").status_code == 404
    assert trend(client, followed, side="none").status_code == 422


def test_the_measures_with_a_trend_are_listed(service, followed):
    client = service.client(Role.CLINICIAN)
    keys = client.get(f"{API}/patients/{followed.id}/trends/keys").json()
    counts = {(k["measure"], k["side"]): k["visits"] for k in keys["items"]}
    assert counts["commissure_excursion", "left"] == 3
    assert counts["lid_gap_min", "left"] == 0
    page = client.get(f"{API}/patients/{followed.id}/trends/keys", params={"limit": 1}).json()
    assert (len(page["items"]), page["total"], page["next"]) == (1, keys["total"], 1)


def test_a_researcher_sees_days_and_kinds_but_no_dates_and_words(service, followed):
    seen = trend(service.client(Role.RESEARCHER, teams=()), followed).json()
    assert seen["events"] == [{"kind": "injection", "day": 45, "happened_on": None, "title": ""}]
    assert {point["visit"]["visited_on"] for point in seen["points"]} == {None}


def test_a_site_can_bring_its_own_measurement_error(service, followed, tmp_path):
    path = tmp_path / "lines.json"
    path.write_text(
        '{"perception": [], "measurement_error": [{"measures": ["commissure_excursion"], '
        '"movements": null, "unit": "mm", "mdc95": 5.0, "source": "own repeats"}]}'
    )
    settings = service.settings.model_copy(update={"reference_lines": path})
    service.app.state.settings = settings
    seen = trend(service.client(Role.CLINICIAN), followed).json()
    assert seen["mdc95"] == {"value": 5.0, "source": "own repeats"}
    assert seen["change"]["verdict"] == "no"
    broken = tmp_path / "broken.json"
    broken.write_text("[]")
    service.app.state.settings = settings.model_copy(update={"reference_lines": broken})
    answer = trend(service.client(Role.CLINICIAN), followed)
    assert (answer.status_code, answer.json()["code"]) == (500, "reference_lines")
    assert "Correct the file" in answer.json()["next_step"]
