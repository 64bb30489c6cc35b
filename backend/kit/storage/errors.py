"""What can go wrong with stored objects, told to a person; a full disk is an error of the kit."""

from __future__ import annotations

import errno

from backend.kit.errors import ServiceError, UnavailableError

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class MissingObjectError(ServiceError):
    """A stored file that a row refers to is not in its place."""

    code = "file_missing"
    title = "Stored file missing"
    default_message = "A stored file is not in its place."
    default_next_step = "Ask an administrator to restore it from the last backup."


class DamagedObjectError(ServiceError):
    """A stored file was changed or cut off outside the service."""

    code = "file_damaged"
    title = "Stored file damaged"
    default_message = "A stored file was changed or cut off."
    default_next_step = "Ask an administrator to restore it from the last backup."


class StorageUnavailableError(UnavailableError):
    """The place where files are stored does not answer."""

    code = "storage_unavailable"
    title = "Storage not available"
    default_message = "The place where files are stored does not answer."
