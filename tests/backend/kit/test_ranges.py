"""Ranges and conditions of byte answers, as a video player or a downloader meets them."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from backend.kit.errors import ServiceError
from backend.kit.ranges import Content, answer, content_of

WHOLE = bytes(range(256)) * 4


@pytest.fixture
def client():
    app = FastAPI()

    @app.exception_handler(ServiceError)
    def told(_: Request, error: ServiceError) -> JSONResponse:
        return JSONResponse({}, error.status, headers=error.headers)

    @app.get("/bytes")
    def some(request: Request):
        return answer(request, content_of(WHOLE, "abc", "video/mp4", file_name='a"b/../c.mp4'))

    @app.get("/empty")
    def none(request: Request):
        return answer(request, Content(0, "void", "text/csv", lambda start, end: iter(())))

    return TestClient(app)


def test_the_whole(client):
    whole = client.get("/bytes")
    assert (whole.status_code, whole.content) == (200, WHOLE)
    assert whole.headers["etag"] == '"abc"'
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "no-store"
    assert whole.headers["content-length"] == "1024"
    assert whole.headers["content-disposition"] == 'attachment; filename="a-b-..-c.mp4"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-5000", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-5000", 0, 1024),
    ],
)
def test_one_part(client, asked, start, end):
    part = client.get("/bytes", headers={"Range": asked})
    assert (part.status_code, part.content) == (206, WHOLE[start:end])
    assert part.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert part.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=20-10", "bytes=0-1,5-6", "bytes=-", "lines=1-2", "x"])
def test_what_is_no_single_range_gets_the_whole(client, asked):
    assert client.get("/bytes", headers={"Range": asked}).content == WHOLE


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_behind_the_end_is_refused_with_the_size(client, asked):
    refused = client.get("/bytes", headers={"Range": asked})
    assert refused.status_code == 416
    assert refused.headers["content-range"] == "bytes */1024"


def test_a_current_copy_is_not_sent_again(client):
    for known in ('"abc"', '"x", W/"abc"', "*"):
        same = client.get("/bytes", headers={"If-None-Match": known})
        assert (same.status_code, same.content) == (304, b"")
    assert client.get("/bytes", headers={"If-None-Match": '"old"'}).status_code == 200


def test_a_part_of_changed_bytes_is_not_mixed_with_the_old_ones(client):
    part = {"Range": "bytes=0-9"}
    assert client.get("/bytes", headers={**part, "If-Range": '"abc"'}).status_code == 206
    assert client.get("/bytes", headers={**part, "If-Range": '"old"'}).status_code == 200


def test_nothing_is_a_whole_too(client):
    assert client.get("/empty").status_code == 200
    assert client.get("/empty", headers={"Range": "bytes=0-"}).status_code == 416
