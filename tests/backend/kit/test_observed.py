"""Every request is counted under its route and logged without its address."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import generate_latest

from backend.kit.logs import configure_logs
from backend.kit.metrics import RequestMetrics
from backend.kit.observed import Observed

CANARY = "Quackenbush"


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    written = io.StringIO()
    configure_logs(written)
    yield written
    root.handlers, root.level = before
    structlog.reset_defaults()


@pytest.fixture
def metrics() -> RequestMetrics:
    return RequestMetrics()


@pytest.fixture
def client(metrics: RequestMetrics) -> TestClient:
    router = APIRouter(prefix="/things")

    @router.get("/{thing}")
    def read(thing: str) -> str:
        if thing == "broken":
            raise RuntimeError(CANARY)
        return thing

    app = FastAPI()
    app.include_router(router, prefix="/api/v1")
    app.add_middleware(Observed, metrics=metrics, prefix="/api/v1")
    return TestClient(app, raise_server_exceptions=False)


def figures(metrics: RequestMetrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_a_request_is_told_by_its_template(
    client: TestClient, metrics: RequestMetrics, logs: io.StringIO
) -> None:
    client.get(f"/api/v1/things/{CANARY}", params={"mrn": CANARY})
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "Request answered"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/things/{thing}", 200)
    assert (
        'sfpfr_requests_total{method="GET",route="/api/v1/things/{thing}",status="200"} 1.0'
        in figures(metrics)
    )
    assert CANARY not in logs.getvalue() + figures(metrics)


def test_a_crash_counts_as_500(
    client: TestClient, metrics: RequestMetrics, logs: io.StringIO
) -> None:
    client.get("/api/v1/things/broken")
    assert 'status="500"} 1.0' in figures(metrics)
    assert "sfpfr_requests_open 0.0" in figures(metrics)
    assert CANARY not in logs.getvalue()


def test_an_invented_address_or_method_makes_no_new_label(
    client: TestClient, metrics: RequestMetrics, logs: io.StringIO
) -> None:
    client.get(f"/{CANARY}")
    client.request(CANARY, f"/api/v1/things/{CANARY}")
    assert 'route="unmatched",status="404"} 1.0' in figures(metrics)
    assert 'method="other"' in figures(metrics)
    assert CANARY not in logs.getvalue() + figures(metrics)
