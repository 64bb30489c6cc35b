"""One job on its way: where its files lie, how it computes in the child, how it tells of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend.blobs import service as blobs
from backend.db.models import Job
from backend.jobs import leases
from backend.jobs.kinds import KINDS
from backend.jobs.leases import Lease
from backend.kit.errors import UnavailableError
from worker.child import Limits, WarmChild
from worker.errors import ChildError
from worker.heart import Heart
from worker.scratch import fetch
from worker.site import WorkSite

_TELL_EVERY_S = 1.0


class Desk:
    """What a task works with; `job` is as it was claimed, `scratch` a private folder."""

    def __init__(
        self,
        site: WorkSite,
        lease: Lease,
        job: Job,
        scratch: Path,
        child: WarmChild,
        heart: Heart,
    ) -> None:
        self.site = site
        self.lease = lease
        self.job = job
        self.scratch = scratch
        self._child = child
        self._heart = heart
        self._began_s = time.monotonic()
        self._told_s = -1e9
        self._told_stage = ""

    def compute(
        self,
        work: str,
        order: BaseModel,
        *,
        at_stage: Mapping[str, Callable[[], None]] | None = None,
    ) -> Mapping[str, Any]:
        """Run `work` of `worker.computing` in the child, telling its progress.

        at_stage: what to do here when the child comes to a stage. Raises ChildError (cause
        "stopped" when the job was cancelled or lost, or the worker goes down), RefusedWorkError.
        """
        waiting = dict(at_stage or {})

        def progress(stage: str, share: float) -> None:
            act = waiting.pop(stage, None)
            if act is not None:
                act()
            self.tell(stage, share)

        settings = self.site.settings
        return self._child.run(
            f"worker.computing.{work}",
            order.model_dump(mode="json"),
            scratch=self.scratch,
            limits=Limits(
                KINDS[self.lease.kind].wall_s or 60.0 * settings.job_minutes,
                float(settings.job_memory_mib),
            ),
            progress=progress,
            stop=self._stop_reason,
        )

    def check(self) -> None:
        """Raise ChildError (stopped) when this work should not go on."""
        reason = self._stop_reason()
        if reason is not None:
            raise ChildError("stopped", reason)

    def tell(self, stage: str, share: float) -> None:
        """Write how far the job is, at most once a second and at each new stage."""
        now_s = time.monotonic()
        if stage == self._told_stage and now_s - self._told_s < _TELL_EVERY_S:
            return
        self._told_s, self._told_stage = now_s, stage
        try:
            with self.site.database.unit_of_work() as session:
                leases.report(session, self.lease, stage, share, now_s - self._began_s)
        except UnavailableError:
            # Progress alone is not worth stopping for.
            return

    def fetched(self, blob_id: UUID, name: str) -> Path:
        """A stored file, decrypted into the scratch folder as `name`."""
        self.check()
        ref = self.site.read(lambda session: blobs.ref(blobs.get(session, blob_id)))
        return fetch(self.site.storage, ref, self.scratch / name)

    def folder(self, name: str) -> Path:
        """A new folder in the scratch folder."""
        path = self.scratch / name
        path.mkdir()
        return path

    def note(self, kind: str, payload: Mapping[str, Any]) -> Callable[[Session], None]:
        """A change that tells those who watch the job; raises LeaseLostError."""
        return lambda session: leases.note(session, self.lease, kind, payload)

    def _stop_reason(self) -> str | None:
        heard = self._heart.stop(self.lease)
        return None if heard is None else f"The work was stopped ({heard.value})."
