"""The clinic whose results are tested."""

from clinic_fixtures import clinic, clinic_at, storage

__all__ = ["clinic", "clinic_at", "storage"]
