"""A small client of the API on this machine: JSON, and uploads by the tus protocol."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from models.errors import SfpfrError

PART_BYTES = 8 * 2**20
PATIENCE_S = 60.0


class ServerRefusedError(SfpfrError):
    """The server said no, or did not answer."""


def local_context(url: str) -> ssl.SSLContext | None:
    """TLS to this very machine: its certificate may be for another name of it."""
    if not url.startswith("https://"):
        return None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class LocalClient:
    """Speaks to `<server>/api/v1` with an API token. Raises ServerRefusedError."""

    def __init__(self, server: str, token: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}
        self._context = local_context(server)

    def get(self, path: str, **query: str) -> Any:
        """The JSON of a resource."""
        return self._json("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path: str, **body: Any) -> Any:
        """The JSON of what was made."""
        return self._json("POST", path, body)

    def upload(self, file: Path, **about: str) -> None:
        """Send a file; `about` tells what it is (kind, recording_id, view)."""
        content = file.read_bytes()
        about["sha256"] = hashlib.sha256(content).hexdigest()
        metadata = ",".join(
            f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items()
        )
        tus = {"Tus-Resumable": "1.0.0"}
        announced = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
        _, headers = self._send("POST", "/api/v1/uploads", b"", tus | announced)
        location = urllib.parse.urlsplit(headers["Location"]).path
        for start in range(0, len(content), PART_BYTES):
            part = {
                "Upload-Offset": str(start),
                "Content-Type": "application/offset+octet-stream",
            }
            self._send("PATCH", location, content[start : start + PART_BYTES], tus | part)

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer, _ = self._send(method, f"/api/v1{path}", content, headers)
        return json.loads(answer)

    def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[bytes, Any]:
        request = urllib.request.Request(  # noqa: S310 - http or https, as the command was given it
            self._server + path, content, self._headers | headers, method=method
        )
        try:
            with urllib.request.urlopen(  # noqa: S310
                request, timeout=PATIENCE_S, context=self._context
            ) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except OSError as error:
            raise ServerRefusedError(
                f"The server at {self._server} does not answer.",
                "Start it with `sfpfr up`, or name another with --server.",
            ) from error


def _refusal(error: urllib.error.HTTPError) -> ServerRefusedError:
    try:
        problem = json.loads(error.read())
        return ServerRefusedError(problem["detail"], problem["next_step"])
    except (ValueError, KeyError):
        return ServerRefusedError(f"The server answered {error.code}.", "See its log.")
