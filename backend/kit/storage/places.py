"""From an address to the place where objects lie."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from backend.kit.storage.errors import StorageUnavailableError
from backend.kit.storage.local import LocalObjects
from backend.kit.storage.objects import Objects
from backend.kit.storage.remote import BucketAccess, RemoteObjects, bucket


def place(url: str, access: BucketAccess) -> Objects:
    """The objects behind `file:///folder` or `s3://bucket/prefix`.

    Raises StorageUnavailableError for another kind of address or a folder that can't be made.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalObjects(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        return RemoteObjects(bucket(url, access))
    raise StorageUnavailableError(
        "The address of the storage is neither file:/// nor s3://.", "Correct SFPFR_STORAGE_URL."
    )
