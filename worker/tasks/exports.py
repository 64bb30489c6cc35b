"""Archives to take away; what goes into one is decided by the exports."""

from __future__ import annotations

from uuid import UUID

from backend.exports.building import build
from worker.desk import Desk


def export(desk: Desk) -> None:
    """Make the archive of an export and publish it."""
    site = desk.site

    def tell(share: float) -> None:
        desk.check()
        desk.tell("export", share)

    build(
        site.database,
        site.storage,
        desk.lease,
        UUID(desk.job.request["export_id"]),
        site.settings.notice,
        tell,
    )
