"""Objects in an S3-compatible store, through obstore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from backend.kit.storage.errors import MissingObjectError, StorageUnavailableError
from backend.kit.storage.objects import StoredObject

if TYPE_CHECKING:
    # These exist for the type checker only.
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

# Parts of a multipart upload; S3 wants at least 5 MiB. One is sent while the next is sealed.
_PART_BYTES = 8 * 2**20
_PARTS_AT_ONCE = 2


class RemoteObjects:
    """Objects in a bucket.

    A write is published by the store itself when it is complete; what an interrupted write leaves
    behind is invisible and removed by the bucket's own rule for incomplete uploads.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write an object under a new name, whole or not at all."""
        with _explained():
            obstore.put(
                self._store,
                name,
                iter(parts),
                use_multipart=True,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def read(self, name: str, start: int, end: int) -> bytes:
        """The bytes [start, end), fewer where the object ends; raises MissingObjectError."""
        with _explained(), _found():
            return obstore.get_range(self._store, name, start=start, end=end).to_bytes()

    def size(self, name: str) -> int:
        """Stored bytes; raises MissingObjectError."""
        with _explained(), _found():
            return obstore.head(self._store, name)["size"]

    def delete(self, name: str) -> None:
        """Remove the object; one that is not there is removed already."""
        with _explained(), suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def listing(self) -> Iterator[StoredObject]:
        """All objects, in no order."""
        with _explained():
            for page in obstore.list(self._store):
                for entry in page:
                    yield StoredObject(entry["path"], entry["size"], entry["last_modified"])

    def free_bytes(self) -> int | None:
        """A bucket does not tell how much room it has."""
        return None


@dataclass(frozen=True)
class BucketAccess:
    """How to reach a bucket.

    endpoint: address of a store that is not Amazon's; plain HTTP where it says `http://`. Without
    a key pair the identity of the machine is used.
    """

    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)


def bucket(url: str, access: BucketAccess) -> ObjectStore:
    """The S3-compatible store behind `s3://bucket/prefix`."""
    config: S3Config = {}
    if access.endpoint:
        config["endpoint"] = access.endpoint
    if access.region:
        config["region"] = access.region
    if access.access_key_id:
        config["access_key_id"] = access.access_key_id
        config["secret_access_key"] = access.secret_access_key
    retries: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
    client: ClientConfig = {
        "allow_http": access.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=5),
        "timeout": timedelta(seconds=60),
    }
    return S3Store.from_url(url, config=config, client_options=client, retry_config=retries)


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise MissingObjectError from error


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise StorageUnavailableError from error
