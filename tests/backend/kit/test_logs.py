"""A log says what happened and where, and never who it happened to."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from backend.kit.logs import configure_logs, log

CANARY = "Zebulon Quackenbush"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.getLogger("uvicorn.access").disabled)
    written = io.StringIO()
    configure_logs(written)
    yield written
    root.handlers, root.level, logging.getLogger("uvicorn.access").disabled = before
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_carries_its_listed_keys(stream: io.StringIO) -> None:
    log("backend.somewhere").info("Job claimed", job_id="j1", attempt=2)
    (line,) = lines(stream)
    assert line["event"] == "Job claimed"
    assert (line["job_id"], line["attempt"], line["level"]) == ("j1", 2, "info")
    assert line["logger"] == "backend.somewhere"
    assert line["time"].endswith("Z")


def test_an_unlisted_key_is_named_and_not_told(stream: io.StringIO) -> None:
    log("x").info("Patient created", patient_name=CANARY, count={"mrn": CANARY})
    (line,) = lines(stream)
    assert line["refused_keys"] == ["count", "patient_name"]
    assert CANARY not in stream.getvalue()


def test_an_exception_is_told_by_class_and_place(stream: io.StringIO) -> None:
    def look_up() -> None:
        try:
            {}[CANARY]
        except KeyError as error:
            raise ValueError(f"no row for {CANARY}") from error

    try:
        look_up()
    except ValueError:
        log("x").exception("Request failed")
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    assert CANARY not in stream.getvalue()
    for line in lines(stream):
        assert line["error"] == "builtins.ValueError < builtins.KeyError"
        assert any("test_logs.py" in place for place in line["where"])


def test_a_library_is_told_by_its_template(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("could not parse %s", CANARY)
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://127.0.0.1:8000")
    first, second = lines(stream)
    assert first["event"] == "could not parse %s"
    assert second["event"] == "Uvicorn running on http://127.0.0.1:8000"
    assert CANARY not in stream.getvalue()


def test_access_lines_of_the_server_are_off(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /x?mrn=%s", CANARY)
    assert stream.getvalue() == ""
