"""Who gets the page's document, with which policy; its files, compressed and kept."""

from __future__ import annotations

import re

import pytest
from service_factories import Service

from backend.app import API
from backend.page.endpoints import BUNDLE


def policy_of(answer: object) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")  # type: ignore[attr-defined]
    return dict(part.partition(" ")[::2] for part in parts)


@pytest.mark.parametrize(
    "place", ["/", "/patients", "/visits/1/capture", "/compare?before=1", "/nowhere"]
)
def test_every_place_is_the_same_document(service: Service, place: str) -> None:
    answer = service.anonymous().get(place)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    nonce = re.search(r'name="sfpfr-nonce" content="([^"]+)"', answer.text)
    assert nonce is not None
    policy = policy_of(answer)
    assert policy["style-src"] == f"'self' 'nonce-{nonce[1]}'"
    assert policy["default-src"] == "'none'"
    assert service.settings.notice in answer.text
    assert "unsafe-inline" not in str(policy)


def test_a_nonce_serves_once(service: Service) -> None:
    client = service.anonymous()
    assert policy_of(client.get("/")) != policy_of(client.get("/"))


@pytest.mark.parametrize(
    ("place", "compiles"),
    [
        ("/visits/1/capture", True),
        ("/visits/1", False),
        ("/patients", False),
        ("/visits/1/capture/x", False),
        ("/", False),
    ],
)
def test_only_capture_may_compile(service: Service, place: str, compiles: bool) -> None:
    scripts = policy_of(service.anonymous().get(place))["script-src"]
    assert scripts == ("'self' 'wasm-unsafe-eval'" if compiles else "'self'")


def test_the_api_answers_for_itself(service: Service) -> None:
    for address in (f"{API}/nothing", "/api", "/api/v2/x"):
        answer = service.anonymous().get(address)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_files_are_compressed_and_kept(service: Service) -> None:
    script = max((BUNDLE / "assets").glob("*.js"), key=lambda path: path.stat().st_size)
    answer = service.anonymous().get(f"/assets/{script.name}", headers={"Accept-Encoding": "gzip"})
    assert answer.content == script.read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing.js", "../endpoints.py", "..%2fendpoints.py"])
def test_nothing_else_is_handed_out(service: Service, name: str) -> None:
    answer = service.anonymous().get(f"/assets/{name}")
    assert b"APIRouter" not in answer.content
    assert "python" not in answer.headers["content-type"]


def test_of_all_files_only_the_detector_may_compile(service: Service) -> None:
    client = service.anonymous()
    scripts = sorted((BUNDLE / "assets").glob("*.js"))
    able = [
        path.name.split("-")[0]
        for path in scripts
        if "wasm-unsafe-eval" in policy_of(client.get(f"/assets/{path.name}"))["script-src"]
    ]
    assert able == ["detectWorker"]
