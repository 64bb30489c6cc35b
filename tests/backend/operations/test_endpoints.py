"""What machines are told without signing in: how the service is, and nothing about patients."""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from service_factories import Service

from backend.app import create_app
from backend.db.models import Job, JobKind, JobState
from backend.kit.certificates import fingerprint, own_certificates
from backend.kit.clock import SettableClock
from backend.kit.keys import LocalKeyFile
from backend.operations.health import Checks, Health, Readiness
from backend.settings import Settings

NAME, MRN = "Zebulon Quackenbush", "MRN-700-1"


def with_parts(service: Service, monkeypatch: pytest.MonkeyPatch, **parts: Health) -> TestClient:
    all_well = dict.fromkeys(("database", "storage", "broker", "disk"), Health.OK)
    monkeypatch.setattr(Checks, "_ask", lambda _: Readiness({**all_well, **parts}))
    return service.anonymous()


def test_alive_needs_nobody(service: Service) -> None:
    service.database.close()
    answer = service.anonymous().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_database_storage_and_disk_are_really_asked(service: Service) -> None:
    parts = service.anonymous().get("/readyz").json()["parts"]
    assert (parts["database"], parts["storage"], parts["disk"]) == ("ok", "ok", "ok")
    assert parts["broker"] == "down"  # there is none in this test


@pytest.mark.parametrize(
    ("parts", "status", "word"),
    [
        ({}, 200, "ok"),
        ({"broker": Health.DOWN}, 200, "low"),
        ({"disk": Health.LOW}, 200, "low"),
        ({"database": Health.DOWN}, 503, "down"),
        ({"storage": Health.DOWN}, 503, "down"),
    ],
)
def test_what_can_be_read_is_served(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    parts: dict[str, Health],
    status: int,
    word: str,
) -> None:
    answer = with_parts(service, monkeypatch, **parts).get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (status, word)


def test_many_questions_are_one_question(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ask(_: Checks) -> Readiness:
        asked.append(1)
        return Readiness(dict.fromkeys(("database", "storage"), Health.OK))

    monkeypatch.setattr(Checks, "_ask", ask)
    client = service.anonymous()
    threads = [threading.Thread(target=client.get, args=("/readyz",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_a_database_of_another_release_is_not_ready(
    settings: Settings, site_keys: LocalKeyFile, tmp_path: Path, clock: SettableClock
) -> None:
    empty = settings.model_copy(
        update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'empty.sqlite'}")}
    )
    app = create_app(empty, keys=site_keys, clock=clock)
    assert TestClient(app).get("/readyz").status_code == 503
    app.state.database.close()


def figures(client: TestClient, **headers: str) -> dict[str, Any]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {family.name: family.samples for family in families}


def test_figures_tell_the_work_and_nobodys_name(service: Service) -> None:
    patient = service.make.patient(service.team, name=NAME, mrn=MRN)
    at = service.database.clock.now()
    service.make.save(
        Job(
            kind=JobKind.PROXY, queue="cpu", priority=1, state=JobState.QUEUED, attempt=0,
            max_attempts=3, fencing_token=0, progress=0.0, request={}, available_at=at,
            created_at=at, patient_id=patient.id,
        )
    )  # fmt: skip
    client = service.anonymous(client=("127.0.0.1", 5000))
    client.get("/healthz")
    found = figures(client)
    (jobs,) = found["sfpfr_jobs"]
    assert (jobs.labels, jobs.value) == ({"queue": "cpu", "kind": "proxy", "state": "queued"}, 1)
    assert found["sfpfr_workers"][0].value == 0
    routes = {sample.labels.get("route") for sample in found["sfpfr_requests"]}
    assert "/healthz" in routes
    text = json.dumps(found)
    assert not [word for word in (NAME, MRN, str(patient.id), patient.pseudonym) if word in text]


def test_figures_are_for_this_machine(service: Service) -> None:
    assert service.anonymous(client=("192.0.2.1", 5000)).get("/metrics").status_code == 404
    local = service.anonymous(client=("127.0.0.1", 5000))
    assert local.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert local.get("/metrics").status_code == 200


def test_figures_are_for_the_holder_of_the_token(
    settings: Settings, site_keys: LocalKeyFile, clock: SettableClock
) -> None:
    token = os.urandom(8).hex()
    app = create_app(
        settings.model_copy(update={"metrics_token": SecretStr(token)}),
        keys=site_keys,
        clock=clock,
    )
    local, far = TestClient(app, client=("127.0.0.1", 1)), TestClient(app, client=("192.0.2.1", 1))
    assert local.get("/metrics").status_code == 404
    assert far.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert figures(far, Authorization=f"Bearer {token}")
    app.state.database.close()


def test_a_site_with_certificates_of_its_own_tells_how_to_trust_them(
    settings: Settings, site_keys: LocalKeyFile, clock: SettableClock, tmp_path: Path
) -> None:
    files = own_certificates(tmp_path / "tls", ("clinic.local",), datetime.now(UTC))
    app = create_app(
        settings.model_copy(update={"tls_authority": files.authority}), keys=site_keys, clock=clock
    )
    client = TestClient(app)
    assert fingerprint(files.authority) in client.get("/trust").text
    assert client.get("/trust/authority.crt").content == files.authority.read_bytes()
    app.state.database.close()


def test_other_sites_have_nothing_to_trust(service: Service) -> None:
    for address in ("/trust", "/trust/authority.crt"):
        assert service.anonymous().get(address).status_code == 404
