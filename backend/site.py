"""The site's keys with the proof that they belong to its database, and its storage, opened."""

from __future__ import annotations

import hmac

from sqlalchemy.orm import Session

from backend.db.models import Site
from backend.db.session import keys_of, now
from backend.kit.keys import KeyFileError, KeyProvider, LocalKeyFile, keyed_hash
from backend.kit.storage.blobs import Storage
from backend.kit.storage.objects import Objects
from backend.kit.storage.places import place
from backend.kit.storage.remote import BucketAccess
from backend.scope import unscoped
from backend.settings import Settings

_THE_SITE = 1


def open_keys(settings: Settings) -> KeyProvider:
    """The keys of the site; raises KeyFileError."""
    return LocalKeyFile.read(settings.keys)


def create_keys(settings: Settings) -> KeyProvider:
    """The keys of the site, made when there is no file yet; raises KeyFileError."""
    try:
        return LocalKeyFile.create(settings.keys)
    except FileExistsError:
        return LocalKeyFile.read(settings.keys)


def open_objects(settings: Settings) -> Objects:
    """The place where the site's encrypted objects lie; raises StorageUnavailableError."""
    access = BucketAccess(
        settings.storage_endpoint,
        settings.storage_region,
        settings.storage_access_key,
        settings.storage_secret_key.get_secret_value(),
    )
    return place(settings.storage, access)


def open_storage(settings: Settings, keys: KeyProvider) -> Storage:
    """The site's encrypted storage; raises StorageUnavailableError."""
    return Storage(open_objects(settings), keys)


def check_keys(session: Session) -> None:
    """Compare keys and database, or bind them together the first time; raises KeyFileError.

    A database under other keys would be unreadable, and new rows lost with the wrong file.
    """
    check = keyed_hash(keys_of(session), "key-check", "sfpfr")
    site = session.scalars(unscoped(Site, because="it is the site's own row")).one_or_none()
    if site is None:
        session.add(Site(id=_THE_SITE, key_check=check, created_at=now(session)))
    elif not hmac.compare_digest(site.key_check, check):
        raise KeyFileError(
            "The key file does not belong to this database.",
            "Restore the key file that was saved with it.",
        )
