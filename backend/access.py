"""Who may do what: the permission table as data, and the caller who holds rights; no HTTP, no SQL.

The table is that of the product: a right has a reach for each role, which says over which patients
it extends. A user with several roles has the union. Everything that is not in the table is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Role(StrEnum):
    """What a user is employed for."""

    ADMIN = "admin"
    CLINICIAN = "clinician"
    THERAPIST = "therapist"
    RESEARCHER = "researcher"


class Reach(StrEnum):
    """Over which patients a right extends."""

    ALL = "all"
    """Every patient of the site, and things that are no patient's."""
    OWN = "own"
    """Patients of the caller's care teams, and those the caller is invited to."""
    BREAK_GLASS = "break_glass"
    """Patients opened with a reason for a few hours; for reading alone."""
    RESEARCH = "research"
    """Patients whose consent to research stands; pseudonymous."""


class Permission(StrEnum):
    """One right; the name is also the scope of an API token."""

    # The site
    USERS_MANAGE = "users:manage"
    TEAMS_MANAGE = "teams:manage"
    TEAMS_READ = "teams:read"
    AUDIT_READ = "audit:read"
    OPERATIONS_READ = "operations:read"
    RETENTION_MANAGE = "retention:manage"
    PROTOCOL_READ = "protocol:read"
    PROTOCOL_EDIT = "protocol:edit"
    # Patients
    PATIENT_READ = "patient:read"
    PATIENT_IDENTITY = "patient:identity"
    PATIENT_CREATE = "patient:create"
    PATIENT_EDIT = "patient:edit"
    PATIENT_EDIT_IDENTITY = "patient:edit_identity"
    PATIENT_CONTACT = "patient:contact"
    PATIENT_EDIT_CONTACT = "patient:edit_contact"
    PATIENT_TEAMS = "patient:teams"
    PATIENT_VOID = "patient:void"
    PATIENT_MERGE = "patient:merge"
    PATIENT_INVITE = "patient:invite"
    BREAK_GLASS = "patient:break_glass"
    # Episodes, events, consents
    EPISODE_READ = "episode:read"
    EPISODE_WRITE = "episode:write"
    CONSENT_READ = "consent:read"
    CONSENT_RECORD = "consent:record"
    CONSENT_WRITE = "consent:write"
    # Visits, takes, recordings, uploads
    VISIT_READ = "visit:read"
    VISIT_WRITE = "visit:write"
    VISIT_VOID = "visit:void"
    # Analyses
    ANALYSIS_START = "analysis:start"
    ANALYSIS_CONTROL = "analysis:control"
    JOB_READ = "job:read"
    FACE_READ = "face:read"
    RESULTS_READ = "results:read"
    COMPARE = "results:compare"
    # Review
    REVIEW_READ = "review:read"
    REVIEW_WRITE = "review:write"
    REVIEW_PROPOSE = "review:propose"
    SIGN = "visit:sign"
    # Exports
    EXPORT_CLINICAL = "export:clinical"
    EXPORT_BASIC = "export:basic"
    EXPORT_RESEARCH = "export:research"


_ALL = frozenset({Reach.ALL})
_OWN = frozenset({Reach.OWN})
_GLASS = frozenset({Reach.BREAK_GLASS})
_OWN_OR_GLASS = _OWN | _GLASS
_RESEARCH = frozenset({Reach.RESEARCH})

_A, _C, _T, _R = Role.ADMIN, Role.CLINICIAN, Role.THERAPIST, Role.RESEARCHER

GRANTS: dict[Permission, dict[Role, frozenset[Reach]]] = {
    Permission.USERS_MANAGE: {_A: _ALL},
    Permission.TEAMS_MANAGE: {_A: _ALL},
    Permission.TEAMS_READ: {_A: _ALL, _C: _OWN, _T: _OWN},
    Permission.AUDIT_READ: {_A: _ALL},
    Permission.OPERATIONS_READ: {_A: _ALL},
    Permission.RETENTION_MANAGE: {_A: _ALL},
    Permission.PROTOCOL_READ: {_A: _ALL, _C: _ALL, _T: _ALL, _R: _ALL},
    Permission.PROTOCOL_EDIT: {_A: _ALL},
    Permission.PATIENT_READ: {_A: _ALL, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.PATIENT_IDENTITY: {_A: _ALL, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.PATIENT_CREATE: {_A: _ALL, _C: _OWN},
    Permission.PATIENT_EDIT: {_C: _OWN},
    Permission.PATIENT_EDIT_IDENTITY: {_A: _ALL, _C: _OWN},
    Permission.PATIENT_CONTACT: {_A: _GLASS, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.PATIENT_EDIT_CONTACT: {_C: _OWN, _T: _OWN},
    Permission.PATIENT_TEAMS: {_A: _ALL, _C: _OWN},
    Permission.PATIENT_VOID: {_A: _ALL, _C: _OWN},
    Permission.PATIENT_MERGE: {_A: _ALL},
    Permission.PATIENT_INVITE: {_C: _OWN},
    Permission.BREAK_GLASS: {_A: _ALL, _C: _ALL},
    Permission.EPISODE_READ: {_A: _ALL, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.EPISODE_WRITE: {_C: _OWN},
    Permission.CONSENT_READ: {_A: _ALL, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.CONSENT_RECORD: {_C: _OWN, _T: _OWN},
    Permission.CONSENT_WRITE: {_C: _OWN},
    Permission.VISIT_READ: {_A: _GLASS, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.VISIT_WRITE: {_C: _OWN, _T: _OWN},
    Permission.VISIT_VOID: {_C: _OWN},
    Permission.ANALYSIS_START: {_C: _OWN, _T: _OWN},
    Permission.ANALYSIS_CONTROL: {_A: _ALL, _C: _OWN, _T: _OWN},
    Permission.JOB_READ: {_A: _ALL, _C: _OWN, _T: _OWN},
    Permission.FACE_READ: {_A: _GLASS, _C: _OWN_OR_GLASS, _T: _OWN},
    Permission.RESULTS_READ: {_A: _GLASS, _C: _OWN_OR_GLASS, _T: _OWN, _R: _RESEARCH},
    Permission.COMPARE: {_C: _OWN, _T: _OWN, _R: _RESEARCH},
    Permission.REVIEW_READ: {_C: _OWN_OR_GLASS, _T: _OWN},
    Permission.REVIEW_WRITE: {_C: _OWN},
    Permission.REVIEW_PROPOSE: {_T: _OWN},
    Permission.SIGN: {_C: _OWN},
    Permission.EXPORT_CLINICAL: {_C: _OWN},
    Permission.EXPORT_BASIC: {_C: _OWN, _T: _OWN},
    Permission.EXPORT_RESEARCH: {_R: _RESEARCH},
}

# A withdrawn consent to care hides what these rights show, whoever asks.
NEEDS_CARE_CONSENT = frozenset(
    {
        Permission.FACE_READ,
        Permission.RESULTS_READ,
        Permission.COMPARE,
        Permission.REVIEW_READ,
        Permission.REVIEW_WRITE,
        Permission.REVIEW_PROPOSE,
        Permission.EXPORT_CLINICAL,
        Permission.EXPORT_BASIC,
        Permission.EXPORT_RESEARCH,
    }
)


@dataclass(frozen=True)
class Caller:
    """The signed-in user of one request, and what the user may do in it.

    team_ids, invited_patient_ids, glass_patient_ids: what was in force when the request came.
    permission: the right the present endpoint acts under; it decides the reach of queries.
    authenticated_by: `work` is a worker that does what the user asked for before.
    scopes: of an API token, None for a session. session_id: of a session, None for a token.
    """

    user_id: UUID
    roles: frozenset[Role]
    request_id: str
    authenticated_by: Literal["session", "token", "work"]
    team_ids: frozenset[UUID] = frozenset()
    invited_patient_ids: frozenset[UUID] = frozenset()
    glass_patient_ids: frozenset[UUID] = frozenset()
    scopes: frozenset[Permission] | None = None
    session_id: UUID | None = None
    permission: Permission | None = None
    # When the user last proved who they are, for what needs a fresh proof.
    signed_in_at: datetime | None = field(default=None, compare=False)

    def reach_of(self, permission: Permission) -> frozenset[Reach]:
        """How far this right of the caller extends; empty when there is none."""
        if self.scopes is not None and permission not in self.scopes:
            return frozenset()
        by_role = GRANTS[permission]
        return frozenset().union(*(by_role.get(role, frozenset()) for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether the caller has this right over anything at all."""
        return bool(self.reach_of(permission))

    def acting(self, permission: Permission) -> Caller:
        """The same caller under another right, for the queries that need it."""
        return replace(self, permission=permission)

    @property
    def reach(self) -> frozenset[Reach]:
        """How far the right of the present endpoint extends."""
        return frozenset() if self.permission is None else self.reach_of(self.permission)
