"""Patients' records: made, found, changed, taken out of use, each within the caller's rights."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from service_factories import Service

from backend.access import Role
from backend.audit.repository import Filter, entries
from backend.db.models import Purpose

URL = "/api/v1/patients"
NAME, MRN = "Änne Grünwald-Weiß", "MRN 4711-0815"


def create(client: Any, **values: Any) -> Any:
    return client.post(URL, json={"name": NAME, "mrn": MRN, "birth_year": 1960, **values})


def found(client: Any, typed: str, **query: Any) -> list[str]:
    answer = client.post(f"{URL}/search", json={"q": typed, **query})
    assert answer.status_code == 200
    return [item["pseudonym"] for item in answer.json()["items"]]


def put(client: Any, path: str, version: int, **values: Any) -> Any:
    return client.put(f"{URL}/{path}", json=values, headers={"If-Match": f'"{version}"'})


def audited(service: Service, **wanted: Any) -> list[str]:
    with service.database.unit_of_work(read_only=True) as session:
        rows, _ = entries(session, Filter(**wanted), limit=100, offset=0)
        return [row.action for row in rows]


class TestCreate:
    def test_anonymous(self, service: Service) -> None:
        assert create(service.anonymous()).status_code == 401

    @pytest.mark.parametrize("role", [Role.THERAPIST, Role.RESEARCHER])
    def test_not_for_this_role(self, service: Service, role: Role) -> None:
        assert create(service.client(role)).status_code == 403

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.CLINICIAN])
    def test_it_can_be_read_back(self, service: Service, role: Role) -> None:
        client = service.client(role)
        made = create(client, notes="Wears glasses.")
        assert made.status_code == 201
        patient = made.json()
        assert patient["state"] == "active"
        assert patient["care_consent"] == "missing"
        assert [team["name"] for team in patient["teams"]] == ["Home"]
        assert made.headers["etag"] == f'"{patient["version"]}"'
        assert client.get(f"{URL}/{patient['id']}").json() == patient
        identity = client.get(f"{URL}/{patient['id']}/identity").json()
        assert (identity["name"], identity["mrn"]) == (NAME, MRN)

    def test_what_identifies_is_nowhere_in_the_answer(self, service: Service) -> None:
        text = create(service.client(Role.CLINICIAN)).text
        assert "Grünwald" not in text
        assert "4711" not in text

    def test_the_same_person_is_noticed(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        first = create(client).json()
        again = create(client, mrn=None, name="WEISS-GRUNWALD, Anne")
        assert again.status_code == 409
        problem = again.json()
        assert problem["code"] == "possible_duplicate"
        assert [same["id"] for same in problem["duplicates"]] == [first["id"]]
        assert create(client, birth_year=1961).json()["duplicates"][0]["same"] == "mrn"
        assert create(client, birth_year=1961, mrn=None).status_code == 201
        assert create(client, although_similar=True).status_code == 201

    def test_of_foreign_records_only_the_number_is_told(self, service: Service) -> None:
        other = service.make.team()
        assert create(service.client(Role.CLINICIAN, teams=(other,))).status_code == 201
        client = service.client(Role.CLINICIAN)
        same_number = create(client, name=None)
        assert same_number.status_code == 409
        assert same_number.json()["duplicates"] == []
        assert same_number.json()["outside_your_teams"] is True
        assert create(client, mrn=None).status_code == 201

    def test_the_pseudonym_is_unique_and_tells_nothing(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        assert create(client, pseudonym="A-17").status_code == 201
        taken = create(client, pseudonym="a-17", although_similar=True)
        assert taken.json()["code"] == "pseudonym_taken"
        for telling in ("P-47110815", "grunwald.1", "MRN47110815"):
            refused = create(client, pseudonym=telling, although_similar=True)
            assert refused.json()["code"] in {"telling_pseudonym", "invalid"}

    def test_clinicians_choose_among_their_own_teams(self, service: Service) -> None:
        foreign = str(service.make.team().id)
        refused = create(service.client(Role.CLINICIAN), team_ids=[foreign])
        assert refused.json()["code"] == "team_needed"
        assert create(service.client(Role.ADMIN), team_ids=[foreign]).status_code == 201

    def test_nobody_is_born_tomorrow(self, service: Service) -> None:
        assert create(service.client(Role.CLINICIAN), birth_year=2031).status_code == 422


class TestList:
    def test_anonymous(self, service: Service) -> None:
        assert service.anonymous().get(URL).status_code == 401

    def test_researchers_have_no_list(self, service: Service) -> None:
        assert service.client(Role.RESEARCHER).get(URL).status_code == 403

    def test_own_patients_alone(self, service: Service) -> None:
        service.make.patient(service.team, pseudonym="OWN")
        service.make.patient(service.make.team(), pseudonym="FOREIGN")
        assert found(service.client(Role.THERAPIST), "") == ["OWN"]
        assert set(found(service.client(Role.ADMIN), "")) == {"OWN", "FOREIGN"}

    def test_found_while_typing(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        create(client, pseudonym="K-100")
        create(client, pseudonym="K-200", name="Bruno Klein", mrn="1")
        for typed in ("gr", "Grunw", "anne", "WEISS gru", "mrn47110815", "k-1", NAME):
            assert found(client, typed) == ["K-100"], typed
        for typed in ("grx", "wald", "MRN 4711", "%", "anne klein"):
            assert found(client, typed) == [], typed
        assert sorted(found(client, "K-")) == ["K-100", "K-200"]

    def test_names_do_not_find_without_the_right_to_them(self, service: Service) -> None:
        create(service.client(Role.CLINICIAN), pseudonym="K-100")
        answer = service.client(Role.RESEARCHER).post(f"{URL}/search", json={"q": "gr"})
        assert answer.status_code == 403

    def test_newest_visit_first_and_those_without_last(self, service: Service) -> None:
        for pseudonym, days in (("NONE", ()), ("OLD", (1, 2)), ("NEW", (3, 1))):
            patient = service.make.patient(service.team, pseudonym=pseudonym)
            for day in days:
                service.make.visit(patient, visited_on=date(2029, 5, day))
        client = service.client(Role.CLINICIAN)
        assert found(client, "") == ["NEW", "OLD", "NONE"]
        assert found(client, "", sort="last_visit") == ["OLD", "NEW", "NONE"]
        assert found(client, "", sort="-pseudonym") == ["OLD", "NONE", "NEW"]
        newest = client.get(URL).json()["items"][0]["last_visit"]
        assert (newest["visited_on"], newest["signed"]) == ("2029-05-03", False)

    def test_visits_are_not_for_administrators(self, service: Service) -> None:
        service.make.visit(service.make.patient(service.team))
        assert service.client(Role.ADMIN).get(URL).json()["items"][0]["last_visit"] is None

    def test_filters_and_pages(self, service: Service) -> None:
        other = service.make.team()
        service.make.patient(service.team, pseudonym="CONSENT")
        service.make.patient(service.team, pseudonym="NONE", consents=())
        asked = service.make.patient(service.team, other, pseudonym="GONE", consents=())
        service.make.consent(asked, Purpose.CARE, withdrawn_at=service.database.clock.now())
        client = service.client(Role.CLINICIAN)
        assert found(client, "", care_consent="granted") == ["CONSENT"]
        assert found(client, "", care_consent="missing") == ["NONE"]
        assert found(client, "", care_consent="withdrawn") == ["GONE"]
        assert found(client, "", team_id=str(other.id)) == ["GONE"]
        page = client.get(URL, params={"limit": 2, "sort": "pseudonym"}).json()
        assert (page["total"], page["next"], len(page["items"])) == (3, 2, 2)
        rest = client.get(URL, params={"limit": 2, "offset": 2, "sort": "pseudonym"}).json()
        assert [item["pseudonym"] for item in rest["items"]] == ["NONE"]
        assert rest["next"] is None


class TestIdentity:
    def test_every_look_is_audited(self, service: Service) -> None:
        mine = service.make.patient(service.team, name=NAME, mrn=MRN)
        foreign = service.make.patient(service.make.team(), name="Someone Else")
        client = service.client(Role.THERAPIST)
        asked = {"patient_id": [str(mine.id), str(foreign.id)]}
        answer = client.get(f"{URL}/identities", params=asked)
        assert [item["name"] for item in answer.json()] == [NAME]
        assert audited(service, patient_id=mine.id) == ["patient.read_identity"]
        assert client.get(f"{URL}/{foreign.id}/identity").status_code == 404
        assert audited(service, patient_id=foreign.id) == []

    def test_a_change_finds_the_new_name_only(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        made = create(client, pseudonym="K-100").json()
        path = f"{made['id']}/identity"
        answer = put(client, path, made["version"], name="Anna Neumann", mrn="99")
        assert answer.status_code == 200
        assert found(client, "neum") == found(client, "99") == ["K-100"]
        assert found(client, "grün") == found(client, MRN) == []

    def test_therapists_edit_contact_alone(self, service: Service) -> None:
        patient = service.make.patient(service.team)
        client = service.client(Role.THERAPIST)
        refused = put(client, f"{patient.id}/identity", 1, name="New Name", mrn=None)
        assert refused.status_code == 403
        done = put(client, f"{patient.id}/contact", 1, contact="Call after five.", notes=None)
        assert done.json()["contact"] == "Call after five."
        admin = service.client(Role.ADMIN)
        assert admin.get(f"{URL}/{patient.id}/contact").status_code == 404


class TestChange:
    def test_a_change_of_an_older_version_is_told_what_changed(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        made = create(client).json()
        values = {"pseudonym": made["pseudonym"], "birth_year": 1959, "sex": "female"}
        first = put(client, made["id"], made["version"], **values)
        assert first.json()["birth_year"] == 1959
        late = put(client, made["id"], made["version"], **values | {"birth_year": 1958})
        assert late.status_code == 412
        assert late.json()["changed_fields"] == ["birth_year", "sex"]
        assert late.headers["etag"] == first.headers["etag"]
        unnamed = client.put(f"{URL}/{made['id']}", json=values)
        assert unnamed.json()["code"] == "precondition_required"

    def test_saying_the_same_again_is_no_change(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        made = create(client).json()
        values = {name: made[name] for name in ("pseudonym", "birth_year", "sex")}
        assert put(client, made["id"], made["version"], **values).json() == made

    def test_foreign_and_missing_look_alike(self, service: Service) -> None:
        foreign = service.make.patient(service.make.team())
        client = service.client(Role.CLINICIAN)
        values = {"pseudonym": "X-1", "birth_year": None, "sex": "other"}
        answers = [
            put(client, str(patient_id), 1, **values).json() | {"request_id": ""}
            for patient_id in (foreign.id, service.team.id)
        ]
        assert answers[0] == answers[1]
        assert answers[0]["status"] == 404

    def test_handing_over_to_another_team(self, service: Service) -> None:
        other = service.make.team()
        patient = service.make.patient(service.team)
        client = service.client(Role.CLINICIAN)
        path = f"{URL}/{patient.id}/teams"
        assert client.put(path, json={"team_ids": []}).status_code == 422
        done = client.put(path, json={"team_ids": [str(other.id), str(service.team.id)]})
        assert len(done.json()["teams"]) == 2
        assert service.client(Role.THERAPIST, teams=(other,)).get(f"{URL}/{patient.id}").is_success

    def test_the_history_tells_changes_and_not_looks(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        made = create(client).json()
        client.get(f"{URL}/{made['id']}/identity")
        put(client, f"{made['id']}/contact", made["version"], contact="Phone", notes=None)
        history = client.get(f"{URL}/{made['id']}/history").json()["items"]
        assert [change["action"] for change in history] == ["patient.edit", "patient.create"]
        assert history[0]["detail"]["fields"] == ["contact"]


class TestVoid:
    def test_it_rests_and_comes_back(self, service: Service) -> None:
        client = service.client(Role.CLINICIAN)
        made = create(client, pseudonym="K-100").json()
        path = f"{URL}/{made['id']}"
        assert client.post(f"{path}/void", json={"reason": ""}).status_code == 422
        void = client.post(f"{path}/void", json={"reason": "Entered twice."}).json()
        assert (void["state"], void["void_reason"]) == ("void", "Entered twice.")
        assert found(client, "") == []
        assert found(client, "", state="void") == ["K-100"]
        refused = put(client, f"{made['id']}/contact", void["version"], contact="x", notes=None)
        assert refused.json()["code"] == "patient_not_in_use"
        assert client.post(f"{path}/unvoid").json()["state"] == "active"
        assert client.post(f"{path}/unvoid").json()["code"] == "not_void"
        assert found(client, "grün") == ["K-100"]

    def test_not_for_therapists(self, service: Service) -> None:
        patient = service.make.patient(service.team)
        client = service.client(Role.THERAPIST)
        answer = client.post(f"{URL}/{patient.id}/void", json={"reason": "Wrong."})
        assert answer.status_code == 403
