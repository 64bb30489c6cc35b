"""What is saved comes back whole, on either database, and for the holder of the keys alone."""

import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.access import Role
from backend.audit import service as audit
from backend.blobs.service import keep
from backend.db.models import Blob, Job, JobEvent, JobKind, JobState, Patient, Sex, User
from backend.db.session import Database
from backend.kit.clock import SettableClock
from backend.kit.keys import LocalKeyFile
from backend.kit.storage.blobs import BlobRef, Storage
from backend.kit.storage.errors import MissingObjectError
from backend.kit.storage.local import LocalObjects
from backend.operations.archive import ArchiveError, Place, restore_archive, write_archive

NAME, MRN = "Zebulon Quackenbush", "MRN-700-1"
VIDEO = b"moving pictures" * 400_000
EVENTS = 1203


def quiet(_stage: str, _fraction: float) -> None:
    """Nobody watches."""


Open = Callable[[str, str], Place]


@pytest.fixture
def opened(site_keys: LocalKeyFile, clock: SettableClock, tmp_path: Path) -> Iterator[Open]:
    """Opens a place with the keys of the site: its database's address, its folder's name."""
    databases: list[Database] = []

    def open_place(url: str, name: str) -> Place:
        head = tmp_path / name / "audit-head.json"
        databases.append(Database(url, site_keys, clock, extras={audit.HEAD_FILE: head}))
        return Place(databases[-1], LocalObjects(tmp_path / name / "objects"), head)

    yield open_place
    for database in databases:
        database.close()


@pytest.fixture
def here(opened: Open, database_url: str) -> Place:
    """An empty place on either kind of database."""
    return opened(database_url, "here")


@pytest.fixture
def elsewhere(opened: Open, migrated_sqlite: Path, tmp_path: Path) -> Place:
    """Another one, always on a file."""
    shutil.copy(migrated_sqlite, tmp_path / "elsewhere.sqlite")
    return opened(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}", "elsewhere")


@pytest.fixture
def fresh(opened: Open, migrated_sqlite: Path, tmp_path: Path) -> Place:
    """A third one, to restore into."""
    shutil.copy(migrated_sqlite, tmp_path / "fresh.sqlite")
    return opened(f"sqlite:///{tmp_path / 'fresh.sqlite'}", "fresh")


def fill(here: Place) -> None:
    """A user, two records of a person merged into one, a video, a job with a long history."""
    storage = Storage(here.objects, here.keys)
    with here.database.unit_of_work() as session:
        now = here.database.clock.now()
        user = User(
            email="who@example.org", display_name="Who", roles=frozenset({Role.ADMIN}),
            created_at=now, created_by_id=None,
        )  # fmt: skip
        session.add(user)
        session.flush()
        kept = Patient(pseudonym="P-kept-0002", sex=Sex.FEMALE, created_at=now, birth_year=1970)
        merged = Patient(pseudonym="P-merged-0001", sex=Sex.UNKNOWN, created_at=now)
        session.add_all([merged, kept])
        kept.name, kept.mrn = NAME, MRN
        session.flush()
        merged.merged_into_id = kept.id
        new = storage.put([VIDEO], str(kept.id))
        keep(session, new, patient_id=kept.id, media_type="video/mp4")
        job = Job(
            kind=JobKind.PROXY, queue="cpu", priority=5, state=JobState.RUNNING, attempt=1,
            max_attempts=3, fencing_token=7, progress=0.25, request={"views": ["center"]},
            available_at=now, created_at=now, lease_until=now + timedelta(seconds=30),
        )  # fmt: skip
        session.add(job)
        session.flush()
        for number in range(EVENTS):
            event = JobEvent(job_id=job.id, number=number, at=now, kind="stage", payload={})
            session.add(event)
        audit.record(session, None, "patient.create", "patient", kept.id, patient_id=kept.id)


def check(there: Place) -> None:
    """All of it is there, readable, and goes on."""
    storage = Storage(there.objects, there.keys)
    with there.database.unit_of_work() as session:
        kept = session.scalars(select(Patient).where(Patient.pseudonym == "P-kept-0002")).one()
        merged = session.scalars(select(Patient).where(Patient.pseudonym == "P-merged-0001")).one()
        assert (kept.name, kept.mrn, kept.birth_year) == (NAME, MRN, 1970)
        assert merged.merged_into_id == kept.id
        assert session.scalars(select(User)).one().roles == {Role.ADMIN}
        (blob,) = session.scalars(select(Blob))
        (job,) = session.scalars(select(Job))
        assert (job.kind, job.state, job.request) == (
            JobKind.PROXY, JobState.RUNNING, {"views": ["center"]},
        )  # fmt: skip
        # A number that is counted on by itself does not meet an old one.
        session.add(JobEvent(job_id=job.id, number=EVENTS, at=job.created_at, kind="x", payload={}))
        session.flush()
        ref = BlobRef(blob.object_name, blob.context, blob.size_bytes, blob.digest)
        assert storage.read(ref) == VIDEO
    with there.database.unit_of_work() as session:
        audit.record(session, None, "after", "site")
    with there.database.unit_of_work() as session:
        found = audit.verify(session, there.audit_head, there.keys)
    assert found == audit.Verification(4, None)  # created, saved, brought back, after


def test_it_comes_back_from_either_database(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    fill(here)
    saved = write_archive(here, tmp_path / "saved.tar", quiet)
    assert restore_archive(elsewhere, tmp_path / "saved.tar", quiet) == saved
    assert (saved.objects, saved.bytes > len(VIDEO)) == (1, True)
    check(elsewhere)


def test_it_comes_back_into_either_database(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    fill(elsewhere)
    write_archive(elsewhere, tmp_path / "saved.tar", quiet)
    restore_archive(here, tmp_path / "saved.tar", quiet)
    check(here)


@pytest.fixture
def saved(elsewhere: Place, tmp_path: Path) -> Path:
    fill(elsewhere)
    write_archive(elsewhere, tmp_path / "saved.tar", quiet)
    return tmp_path / "saved.tar"


def test_an_archive_tells_a_finder_nothing(saved: Path) -> None:
    content = saved.read_bytes()
    for secret in (NAME, MRN, "who@example.org", "P-kept-0002", "moving pictures"):
        assert secret.encode() not in content
    assert saved.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_a_cut_archive_is_refused(saved: Path, fresh: Place, kept: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(ArchiveError):
        restore_archive(fresh, saved, quiet)
    assert not list(fresh.objects.listing())


def test_a_changed_archive_is_refused_before_anything_is_written(saved: Path, fresh: Place) -> None:
    content = bytearray(saved.read_bytes())
    with tarfile.open(saved) as tar:
        (video,) = [member for member in tar if member.name.startswith("objects/")]
    content[video.offset_data + video.size // 2] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ArchiveError, match="damaged"):
        restore_archive(fresh, saved, quiet)
    assert not list(fresh.objects.listing())


def test_other_keys_are_of_no_use(saved: Path, fresh: Place) -> None:
    fresh.database.keys = LocalKeyFile.generate()
    with pytest.raises(ArchiveError, match="another site"):
        restore_archive(fresh, saved, quiet)


def test_nothing_in_use_is_overwritten(saved: Path, elsewhere: Place) -> None:
    with pytest.raises(ArchiveError, match="in use"):
        restore_archive(elsewhere, saved, quiet)
    with pytest.raises(ArchiveError, match="exists"):
        write_archive(elsewhere, saved, quiet)


def test_a_backup_that_fails_leaves_nothing(elsewhere: Place, tmp_path: Path) -> None:
    fill(elsewhere)
    for stored in elsewhere.objects.listing():
        elsewhere.objects.delete(stored.name)
    with pytest.raises(MissingObjectError):
        write_archive(elsewhere, tmp_path / "saved.tar", quiet)
    assert not [path for path in tmp_path.iterdir() if "saved" in path.name]
