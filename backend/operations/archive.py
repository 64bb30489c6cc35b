"""The whole service in one file, and back from it: rows, stored objects, head of the audit log.

An archive is a tar file. Rows are sealed with the site's keys; objects are encrypted already and
are copied as they are. The keys themselves are never in it: whoever finds an archive has nothing,
and whoever loses the keys has nothing either. The last member, a manifest under a keyed hash,
proves that the archive is whole, unchanged, and of the site whose keys are at hand.

An archive made on one kind of database can be brought back on the other.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import secrets
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from backend.audit import service as audit
from backend.db import migrate
from backend.db.base import Base
from backend.db.models import Blob, Site
from backend.db.session import Database
from backend.db.types import CountingColumn
from backend.kit.errors import ServiceError
from backend.kit.keys import KeyProvider, keyed_hash
from backend.kit.storage.objects import Objects
from backend.kit.storage.sealing import SealedObject, sealed
from backend.operations.rows import from_lines, to_line

FORMAT = 1
Progress = Callable[[str, float], None]

_MANIFEST, _HEAD, _PURPOSE = "manifest.json", "audit-head.json", "backup"
_PART_BYTES = 4 * 2**20
_ROWS_AT_ONCE = 500
_GZIP = 31
# What is true of running processes and signed-in browsers only.
_LEFT_OUT = frozenset({"user_sessions", "workers"})


class ArchiveError(ServiceError):
    """A backup cannot be used, or not here."""

    code = "backup"
    title = "Backup"


@dataclass(frozen=True)
class Summary:
    """What an archive holds."""

    made_at: str
    rows: int
    objects: int
    bytes: int


@dataclass(frozen=True)
class Place:
    """What is saved and brought back: a database, its objects, the file of the log's head."""

    database: Database
    objects: Objects
    audit_head: Path

    @property
    def keys(self) -> KeyProvider:
        return self.database.keys


def write_archive(place: Place, target: Path, progress: Progress) -> Summary:
    """Save everything as of one instant, while the service runs; `target` appears when complete.

    Raises ArchiveError, and what database, storage and disk raise; then nothing is left.
    """
    if target.exists():
        raise ArchiveError(f"{target} exists.", "Name a new file; no backup is ever overwritten.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            summary = _write(place, tar, progress)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return summary


def _write(place: Place, tar: tarfile.TarFile, progress: Progress) -> Summary:
    sums: dict[str, str] = {}
    counts: dict[str, int] = {}
    with place.database.unit_of_work() as session:
        audit.record(session, None, "backup.write", "site")
    # Read before the rows are: a signed head may be behind the log, never ahead of it.
    head = place.audit_head.read_bytes() if place.audit_head.exists() else b""
    with place.database.unit_of_work(read_only=True) as session:
        connection = _snapshot(session)
        for number, table in enumerate(_tables()):
            progress("Rows", number / len(_tables()))
            counts[table.name] = _add_table(place, tar, connection, table, sums)
        blobs = connection.execute(select(Blob.object_name, Blob.stored_bytes)).all()
    _add(tar, _HEAD, io.BytesIO(head), len(head), sums)
    total, done = max(1, sum(size for _, size in blobs)), 0
    for name, size in blobs:
        file = io.BufferedReader(_Object(place.objects, name), _PART_BYTES)
        _add(tar, f"objects/{name}", file, size, sums)
        done += size
        progress("Objects", done / total)
    manifest = {
        "format": FORMAT,
        "made_at": place.database.clock.now().isoformat(),
        "revision": migrate.current(place.database.engine),
        "rows": counts,
        "objects": len(blobs),
        "bytes": sum(size for _, size in blobs),
        "sha256": sums,
    }
    body = json.dumps(manifest, sort_keys=True)
    mac = keyed_hash(place.keys, _PURPOSE, body).hex()
    signed = json.dumps({"manifest": body, "mac": mac}).encode()
    _add(tar, _MANIFEST, io.BytesIO(signed), len(signed), {})
    return _summary(manifest)


def restore_archive(place: Place, source: Path, progress: Progress) -> Summary:
    """Bring everything back into an empty, migrated place; all rows come in one transaction.

    Raises ArchiveError when the archive is damaged, of another site or release, or the place is
    not empty. The archive is checked as a whole before anything is written.
    """
    try:
        with tarfile.open(source, "r:") as tar:
            manifest = _checked(place, tar, progress)
            with place.database.unit_of_work() as session:
                _refuse_used(session)
                _restore_objects(place, tar, progress)
                for number, table in enumerate(_tables()):
                    progress("Rows", number / len(_tables()))
                    _restore_table(place, tar, session.connection(), table)
                audit.record(session, None, "backup.restore", "site")
                head = _member(tar, _HEAD).read()
                if head:
                    place.audit_head.parent.mkdir(parents=True, exist_ok=True)
                    place.audit_head.write_bytes(head)
    except (OSError, tarfile.TarError) as error:
        raise ArchiveError(
            f"The backup {source} cannot be read ({type(error).__name__}).",
            "Take another copy of it.",
        ) from error
    return _summary(manifest)


def _checked(place: Place, tar: tarfile.TarFile, progress: Progress) -> dict[str, Any]:
    next_step = "Take another copy, and the keys of the site it was made on."
    try:
        signed = json.loads(_member(tar, _MANIFEST).read())
        body = str(signed["manifest"])
        mac = bytes.fromhex(signed["mac"])
        if not hmac.compare_digest(mac, keyed_hash(place.keys, _PURPOSE, body)):
            raise ArchiveError("The backup was changed, or is of another site.", next_step)
        manifest: dict[str, Any] = json.loads(body)
    except (KeyError, ValueError) as error:
        raise ArchiveError("The backup is not complete.", next_step) from error
    needed = migrate.current(place.database.engine)
    if manifest["format"] != FORMAT or manifest["revision"] != needed:
        raise ArchiveError(
            f"The backup has the tables of release {manifest['revision']}; this is {needed}.",
            "Restore it with the release that made it, then run `sfpfr migrate` with this one.",
        )
    for number, (name, wanted) in enumerate(manifest["sha256"].items()):
        progress("Checking", number / len(manifest["sha256"]))
        if hashlib.file_digest(_member(tar, name), "sha256").hexdigest() != wanted:  # type: ignore[arg-type]
            raise ArchiveError(f"A part of the backup is damaged: {name}.", next_step)
    return manifest


def _refuse_used(session: Session) -> None:
    # Written when the keys are first used; the manifest proved that they are the same keys.
    session.execute(delete(Site))
    for table in _tables():
        if session.execute(select(func.count()).select_from(table)).scalar_one():
            raise ArchiveError(
                f"The database is in use: {table.name} has rows.",
                "Restore into a new data folder or an empty database.",
            )


def _restore_objects(place: Place, tar: tarfile.TarFile, progress: Progress) -> None:
    members = [member for member in tar.getmembers() if member.name.startswith("objects/")]
    for number, member in enumerate(members):
        progress("Objects", number / len(members))
        file = _member(tar, member.name)
        name = member.name.removeprefix("objects/")
        # What an earlier attempt left is the same object, or the cut-off beginning of it.
        place.objects.delete(name)
        place.objects.write(name, iter(partial(file.read, _PART_BYTES), b""))


def _restore_table(
    place: Place, tar: tarfile.TarFile, connection: Connection, table: Table
) -> None:
    own = [key.parent for key in table.foreign_keys if key.column.table is table]
    (primary,) = table.primary_key.columns if own else (None,)
    later: list[tuple[Any, dict[str, Any]]] = []
    batch: list[dict[str, Any]] = []
    for row in from_lines(table, _lines(place, tar, table)):
        # A row that points to a later one of its table gets the pointer when all are there.
        pointing = {column.name: row[column.name] for column in own if row[column.name] is not None}
        if primary is not None and pointing:
            later.append((row[primary.name], pointing))
            row |= dict.fromkeys(pointing)
        batch.append(row)
        if len(batch) >= _ROWS_AT_ONCE:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)
    for identity, pointing in later:
        assert primary is not None
        connection.execute(update(table).where(primary == identity).values(pointing))
    _count_on(connection, table)


def _count_on(connection: Connection, table: Table) -> None:
    """Let a counting column go on after the highest number that came in."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key:
        if column.type is CountingColumn:
            highest = f"(SELECT max({column.name}) FROM {table.name})"  # noqa: S608 - our own names
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            connection.execute(text(f"SELECT setval({sequence}, {highest}) WHERE {highest} > 0"))


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in _LEFT_OUT]


def _snapshot(session: Session) -> Connection:
    """A connection on which all queries see the same instant."""
    if session.get_bind().dialect.name == "postgresql":
        return session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session.connection()


def _add_table(
    place: Place, tar: tarfile.TarFile, connection: Connection, table: Table, sums: dict[str, str]
) -> int:
    """Seal the rows of a table into the archive; returns how many there are."""
    count = 0
    name = f"tables/{table.name}"
    rows = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table))

    def lines() -> Iterator[bytes]:
        nonlocal count
        for row in rows.mappings():
            count += 1
            yield to_line(dict(row))

    # A member of a tar file begins with its size, so the sealed rows wait in a file of their own.
    with tempfile.TemporaryFile() as file:
        for part in sealed(_zipped(lines()), place.keys, f"{_PURPOSE}/{name}"):
            file.write(part)
        size = file.tell()
        file.seek(0)
        _add(tar, name, file, size, sums)
    return count


def _zipped(lines: Iterator[bytes]) -> Iterator[bytes]:
    deflate = zlib.compressobj(wbits=_GZIP)
    for line in lines:
        yield deflate.compress(line)
    yield deflate.flush()


def _lines(place: Place, tar: tarfile.TarFile, table: Table) -> Iterator[bytes]:
    name = f"tables/{table.name}"
    file = _member(tar, name)

    def read(start: int, end: int) -> bytes:
        file.seek(start)
        return file.read(end - start)

    size = tar.getmember(name).size
    opened = SealedObject.open(read, size, place.keys, f"{_PURPOSE}/{name}")
    inflate, rest = zlib.decompressobj(wbits=_GZIP), b""
    for part in opened.stream():
        *whole, rest = (rest + inflate.decompress(part)).split(b"\n")
        yield from whole


class _Object(io.RawIOBase):
    """A stored object read from its beginning to its end."""

    def __init__(self, objects: Objects, name: str) -> None:
        self._objects, self._name, self._at = objects, name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._objects.read(self._name, self._at, self._at + len(buffer))
        self._at += len(part)
        buffer[: len(part)] = part
        return len(part)


def _add(tar: tarfile.TarFile, name: str, file: Any, size: int, sums: dict[str, str]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    summed = _Summed(file)
    tar.addfile(member, summed)  # type: ignore[arg-type]
    sums[name] = summed.digest.hexdigest()


class _Summed:
    """Passes reads on and sums what came."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, count: int) -> bytes:
        part: bytes = self._file.read(count)
        self.digest.update(part)
        return part


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _summary(manifest: dict[str, Any]) -> Summary:
    return Summary(
        manifest["made_at"], sum(manifest["rows"].values()), manifest["objects"], manifest["bytes"]
    )
