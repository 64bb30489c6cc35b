"""Answers with bytes that a client may fetch in parts, and again only when they changed (RFC 9110).

Where the bytes come from is told by the caller. One range a request is served; a list of ranges is
answered with the whole, as the RFC allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from backend.kit.errors import ServiceError

# No copy of a face stays in a browser; what may stay says so itself.
NO_STORE = "no-store"
IMMUTABLE = "private, max-age=31536000, immutable"

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class RangeNotSatisfiableError(ServiceError):
    """416: the part asked for lies outside; `Content-Range` tells the size of the whole."""

    status = 416
    code = "range_not_satisfiable"
    title = "No such part"
    default_message = "The part that was asked for lies behind the end."
    default_next_step = "Ask for the whole, or for a part of it."


@dataclass(frozen=True)
class Content:
    """Bytes to answer with.

    size: of the whole. tag: changes whenever the bytes do, without quotes. read: (start, end) ->
    the bytes [start, end) in pieces; called once and at once, so that it may refuse by raising.
    file_name: makes it a download; it must not hold what identifies a patient.
    """

    size: int
    tag: str
    media_type: str
    read: Callable[[int, int], Iterator[bytes]]
    file_name: str = ""
    cache: str = NO_STORE


def content_of(
    whole: bytes, tag: str, media_type: str, *, file_name: str = "", cache: str = NO_STORE
) -> Content:
    """Content that is in memory already."""

    def read(start: int, end: int) -> Iterator[bytes]:
        return iter((whole[start:end],))

    return Content(len(whole), tag, media_type, read, file_name, cache)


def is_current(request: Request, tag: str) -> bool:
    """Whether the client has these bytes already, by its `If-None-Match`."""
    given = request.headers.get("if-none-match", "")
    known = {entry.strip().removeprefix("W/") for entry in given.split(",")}
    return "*" in known or f'"{tag}"' in known


def not_modified(tag: str, cache: str = NO_STORE) -> Response:
    """304: the client's copy is current."""
    return Response(status_code=304, headers={"ETag": f'"{tag}"', "Cache-Control": cache})


def answer(request: Request, content: Content) -> Response:
    """The whole (200), the part asked for (206) or nothing (304), or the error 416."""
    if is_current(request, content.tag):
        return not_modified(content.tag, content.cache)
    headers = {
        "ETag": f'"{content.tag}"',
        "Cache-Control": content.cache,
        "Accept-Ranges": "bytes",
    }
    if content.file_name:
        name = safe_name(content.file_name)
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    part = _part(request, content)
    start, end = part or (0, content.size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    return StreamingResponse(
        content.read(start, end),
        status_code=200 if part is None else 206,
        media_type=content.media_type,
        headers=headers,
    )


def safe_name(name: str) -> str:
    """A file name that every system takes."""
    return _UNSAFE.sub("-", name)


def binary(*media_types: str) -> dict[int | str, dict[str, object]]:
    """How the OpenAPI document tells of an answer that is a file, whole or in part."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {
        200: {"content": content, "description": "The whole file."},
        206: {"content": content, "description": "The part that was asked for."},
        304: {"description": "The copy that the client has is current."},
    }


def _part(request: Request, content: Content) -> tuple[int, int] | None:
    """The [start, end) asked for, None for the whole."""
    asked = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    condition = request.headers.get("if-range")
    if asked is None or (condition is not None and condition != f'"{content.tag}"'):
        return None
    first, last = asked.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, content.size) if last else content.size
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(0, content.size - int(last)), content.size
    else:
        return None
    if start >= end:
        raise RangeNotSatisfiableError(headers={"Content-Range": f"bytes */{content.size}"})
    return start, end
