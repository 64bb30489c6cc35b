"""Which role may use which route on whose rows, as the product's table of permissions says it.

Written down by hand, apart from the code it checks. Every route of the API has a line here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend.access import Role

A, C, T, R = Role.ADMIN, Role.CLINICIAN, Role.THERAPIST, Role.RESEARCHER
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Right:
    """Who may use one route.

    own: on patients of their care team. everywhere: on all patients, or on what is no patient's.
    glass: on a foreign patient after breaking the glass. research: on a foreign patient who
    consents to research. The route is asked with `query`, `body` and `headers`, in which
    `{visit_id}` and the like are filled in. lacks: the row may have no such file, which is a 404.
    endless: the answer goes on for ever, so it is not asked of those who would get it.
    """

    own: frozenset[Role] = NOBODY
    everywhere: frozenset[Role] = NOBODY
    glass: frozenset[Role] = NOBODY
    research: frozenset[Role] = NOBODY
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lacks: bool = False
    endless: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """Who may use the route at all."""
        return self.own | self.everywhere | self.glass | self.research


def right(
    own: str = "", everywhere: str = "", glass: str = "", research: str = "", **asked: Any
) -> Right:
    """A line of the table; roles by their first letters."""
    letters = {"A": A, "C": C, "T": T, "R": R}
    sets = [frozenset(letters[x] for x in text) for text in (own, everywhere, glass, research)]
    return Right(*sets, **asked)


def results(**asked: Any) -> Right:
    """Measures and untextured meshes."""
    return right(own="CT", glass="AC", research="R", **asked)


def faces(**asked: Any) -> Right:
    """Videos and pictures of faces."""
    return right(own="CT", glass="AC", **asked)


def seen(**asked: Any) -> Right:
    """Records that administrators see too."""
    return right(own="CT", everywhere="A", glass="C", **asked)


def visited(**asked: Any) -> Right:
    """Visits and what was recorded in them, to look at."""
    return right(own="CT", glass="AC", **asked)


def clinical(**asked: Any) -> Right:
    """What clinicians and therapists do."""
    return right(own="CT", **asked)


def clinicians(**asked: Any) -> Right:
    """What clinicians alone do."""
    return right(own="C", **asked)


def administration(**asked: Any) -> Right:
    """What administrators alone do."""
    return right(everywhere="A", **asked)


# Nobody is signed in yet: protected by what is sent, and by limits.
OPEN = {
    "POST /session",
    "POST /links/inspect",
    "POST /links/use",
}
# Whoever is signed in, on what is their own.
SELF = {
    "GET /session",
    "DELETE /session",
    "POST /session/second-factor",
    "POST /me/password",
    "GET /me/sessions",
    "DELETE /me/sessions/{session_id}",
    "POST /me/totp",
    "DELETE /me/totp",
    "POST /me/totp/confirm",
    "POST /me/recovery-codes",
    "GET /me/tokens",
    "POST /me/tokens",
    "DELETE /me/tokens/{token_id}",
}

_WHY = {"reason": "made by mistake"}
_TUS = {"Tus-Resumable": "1.0.0"}
_DAY = "2030-01-01"
# A list that leaves out what is not seen, so it is never a 404.
_ANYBODY = "00000000-0000-7000-8000-000000000000"
_EPISODE = {"affected_side": "left", "cause": "Bell's palsy"}
_EVENT = {"kind": "surgery", "happened_on": _DAY, "title": "Graft"}
_REVIEW = {"base_version": 1, "corrections": {"rest_frames": [0]}}
_TWO = {"before": "{visit_id}", "after": "{later_visit_id}"}

RIGHTS: dict[str, Right] = {
    # Users and teams
    "GET /users": administration(),
    "POST /users": administration(
        body={"email": "{new}@clinic.example", "display_name": "New", "roles": []}
    ),
    "GET /users/{user_id}": administration(),
    "PATCH /users/{user_id}": administration(body={"display_name": "Other"}),
    "POST /users/{user_id}/links": administration(body={"purpose": "password"}),
    "DELETE /users/{user_id}/sessions": administration(),
    "GET /colleagues": right(everywhere="ACT"),
    "GET /teams": right(everywhere="ACT"),
    "POST /teams": administration(body={"name": "{new}"}),
    "GET /teams/{team_id}": right(own="CT", everywhere="A"),
    "PATCH /teams/{team_id}": administration(body={"name": "{new}"}),
    "PUT /teams/{team_id}/members/{user_id}": administration(),
    "DELETE /teams/{team_id}/members/{user_id}": administration(lacks=True),
    # Audit and break-glass
    "GET /audit": administration(),
    "GET /audit/export": administration(),
    "POST /break-glass/look-up": right(everywhere="AC", body={"identifier": "{new}"}),
    "POST /break-glass": right(
        everywhere="AC", body={"identifier": "{pseudonym}", "reason": "An emergency."}
    ),
    "GET /break-glass": administration(),
    "POST /break-glass/{use_id}/acknowledgement": administration(),
    # Patients
    "GET /patients": right(everywhere="ACT"),
    "POST /patients/search": right(everywhere="ACT", body={}),
    "POST /patients": right(everywhere="AC", body={"team_ids": ["{home_team_id}"]}),
    "GET /patients/identities": right(everywhere="ACT", query={"patient_id": _ANYBODY}),
    "GET /patients/{patient_id}": seen(),
    "PUT /patients/{patient_id}": clinicians(
        body={"pseudonym": "{new}", "birth_year": 1970, "sex": "female"}
    ),
    "GET /patients/{patient_id}/identity": seen(),
    "PUT /patients/{patient_id}/identity": right(
        own="C", everywhere="A", body={"name": "{new}", "mrn": None}
    ),
    "GET /patients/{patient_id}/contact": visited(),
    "PUT /patients/{patient_id}/contact": clinical(body={"contact": None, "notes": "x"}),
    "PUT /patients/{patient_id}/teams": right(
        own="C", everywhere="A", body={"team_ids": ["{team_id}"]}
    ),
    "POST /patients/{patient_id}/void": right(own="C", everywhere="A", body=_WHY),
    "POST /patients/{patient_id}/unvoid": right(own="C", everywhere="A"),
    "GET /patients/{patient_id}/history": seen(),
    "GET /patients/{patient_id}/invitations": clinicians(),
    "POST /patients/{patient_id}/invitations": clinicians(
        body={"user_id": "{colleague_id}", "days": 1}
    ),
    "DELETE /invitations/{invitation_id}": clinicians(),
    # Consents
    "GET /patients/{patient_id}/merges": administration(),
    "POST /patients/{patient_id}/merges": administration(
        body={"merged_id": "{other_patient_id}", **_WHY}
    ),
    "POST /merges/{merge_id}/undo": administration(),
    "GET /patients/{patient_id}/consents": seen(),
    "POST /patients/{patient_id}/consents": clinical(
        body={"purpose": "teaching", "signed_on": _DAY}
    ),
    "POST /consents/{consent_id}/withdraw": clinical(body={"reason": None}),
    "PUT /consents/{consent_id}/attachment": clinicians(body={"upload_id": "{scan_id}"}),
    "GET /consents/{consent_id}/attachment": seen(lacks=True),
    # Episodes and events
    "GET /patients/{patient_id}/episodes": seen(),
    "POST /patients/{patient_id}/episodes": clinicians(body=_EPISODE),
    "GET /episodes/{episode_id}": seen(),
    "PUT /episodes/{episode_id}": clinicians(body=_EPISODE),
    "POST /episodes/{episode_id}/void": clinicians(body=_WHY),
    "POST /episodes/{episode_id}/unvoid": clinicians(),
    "GET /episodes/{episode_id}/events": seen(),
    "POST /episodes/{episode_id}/events": clinicians(body=_EVENT),
    "PUT /events/{event_id}": clinicians(body=_EVENT),
    "POST /events/{event_id}/void": clinicians(body=_WHY),
    "POST /events/{event_id}/unvoid": clinicians(),
    # Visits and takes
    "GET /patients/{patient_id}/visits": visited(),
    "POST /patients/{patient_id}/visits": clinical(body={"title": "Follow-up"}),
    "GET /visits/{visit_id}": visited(),
    "PUT /visits/{visit_id}": clinical(
        body={
            "visited_on": _DAY,
            "started_at": f"{_DAY}T09:00:00Z",
            "title": "",
            "episode_id": None,
            "notes": None,
        }
    ),
    "POST /visits/{visit_id}/void": clinicians(body=_WHY),
    "POST /visits/{visit_id}/unvoid": clinicians(),
    "GET /visits/{visit_id}/takes": visited(),
    "POST /visits/{visit_id}/takes": clinical(body={"movement": "full_smile"}),
    "GET /takes/{take_id}": visited(),
    "PUT /takes/{take_id}": clinical(body={"movement": "pucker"}),
    "POST /takes/{take_id}/exclude": clinical(body=_WHY),
    "POST /takes/{take_id}/include": clinical(),
    "POST /takes/{take_id}/void": clinicians(body=_WHY),
    "POST /takes/{take_id}/unvoid": clinicians(),
    "GET /protocol": right(everywhere="ACTR"),
    "GET /protocol/versions": right(everywhere="ACTR"),
    "POST /protocol/versions": administration(
        body={"based_on": 0, "protocol": {"title": "x", "movements": []}}
    ),
    "GET /protocol/versions/{number}": right(everywhere="ACTR"),
    # Recordings and uploads
    "POST /visits/{visit_id}/recordings": clinical(body={"declared_views": ["center"]}),
    "GET /visits/{visit_id}/recordings": visited(),
    "GET /recordings/{recording_id}": visited(),
    "PATCH /recordings/{recording_id}": clinical(body={"device": "x"}),
    "POST /recordings/{recording_id}/complete": clinical(),
    "POST /recordings/{recording_id}/void": clinicians(body=_WHY),
    "POST /recordings/{recording_id}/unvoid": clinicians(),
    "DELETE /recordings/{recording_id}/views/{view}": clinical(),
    "GET /recordings/{recording_id}/views/{view}/video": faces(lacks=True),
    "GET /recordings/{recording_id}/views/{view}/thumbnail": faces(lacks=True),
    "GET /recordings/{recording_id}/uploads": visited(),
    "GET /uploads/{upload_id}": visited(),
    "HEAD /uploads/{upload_id}": clinical(headers=_TUS),
    "PATCH /uploads/{upload_id}": clinical(
        headers={**_TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    ),
    "DELETE /uploads/{upload_id}": clinical(headers=_TUS),
    "OPTIONS /uploads": right(everywhere="CT"),
    "POST /uploads": clinical(
        headers={**_TUS, "Upload-Length": "10", "Upload-Metadata": "{upload_metadata}"}
    ),
    # Analyses
    "GET /analyses": right(everywhere="ACTR"),
    "GET /patients/{patient_id}/analyses": results(),
    "GET /visits/{visit_id}/analyses": results(),
    "GET /takes/{take_id}/analyses": results(),
    "POST /takes/{take_id}/analyses": clinical(),
    "GET /analyses/{analysis_id}": results(),
    "GET /analyses/{analysis_id}/measures": results(),
    "GET /visits/{visit_id}/measures": results(),
    "GET /analyses/{analysis_id}/series": results(lacks=True),
    "GET /analyses/{analysis_id}/streams/{stream}": results(lacks=True),
    "GET /analyses/{analysis_id}/streams/{stream}/header": results(lacks=True),
    "GET /analyses/{analysis_id}/streams/{stream}/chunks/{number}": results(lacks=True),
    "GET /analyses/{analysis_id}/overlays/{view}": faces(lacks=True),
    "GET /analyses/{analysis_id}/preview": faces(lacks=True),
    "GET /analyses/{analysis_id}/meshes.{format}": clinicians(query={"frame": "0"}, lacks=True),
    "GET /analyses/{analysis_id}/measures.csv": clinical(lacks=True),
    "GET /visits/{visit_id}/measures.csv": clinical(),
    "GET /patients/{patient_id}/measures.csv": clinical(),
    "GET /topologies/{topology_id}": right(everywhere="ACTR", lacks=True),
    # Comparisons and trends
    "GET /comparisons": right(own="CT", research="R", query=_TWO),
    "GET /comparisons/changes": right(own="CT", research="R", query=_TWO),
    "POST /comparisons/rerun": clinical(body=_TWO),
    "GET /comparisons/phases": right(own="CT", research="R", query=_TWO, lacks=True),
    "GET /comparisons/displacement": right(own="CT", research="R", query=_TWO, lacks=True),
    "GET /patients/{patient_id}/trends/keys": right(own="CT", research="R"),
    "GET /patients/{patient_id}/trends": right(
        own="CT",
        research="R",
        query={
            "movement": "full_smile",
            "measure": "commissure_excursion",
            "side": "left",
            "region": "perioral",
        },
        lacks=True,
    ),
    # Jobs
    "GET /jobs": right(everywhere="ACT"),
    "GET /jobs/events": right(everywhere="ACT", endless=True),
    "POST /jobs/previews": right(
        own="CT",
        glass="C",
        body={"analysis_id": "{analysis_id}", "frame": 0, "corrections": {}},
        lacks=True,
    ),
    "GET /jobs/{job_id}": right(own="CT", everywhere="A"),
    "GET /jobs/{job_id}/events": right(own="CT", everywhere="A"),
    "POST /jobs/{job_id}/cancel": right(own="CT", everywhere="A"),
    "POST /jobs/{job_id}/retry": right(own="CT", everywhere="A"),
    "GET /jobs/{job_id}/preview/{part}": right(own="CT", glass="C", lacks=True),
    # Reviews and signatures
    "GET /takes/{take_id}/reviews": right(own="CT", glass="C"),
    "GET /reviews": right(everywhere="CT"),
    "GET /reviews/{review_id}": right(own="CT", glass="C"),
    "POST /takes/{take_id}/reviews": clinicians(body=_REVIEW),
    "POST /takes/{take_id}/proposals": right(own="T", body=_REVIEW),
    "POST /reviews/{review_id}/accept": clinicians(body={}),
    "POST /reviews/{review_id}/refuse": clinicians(body={}),
    "POST /reviews/{review_id}/withdraw": right(own="T", lacks=True),
    "GET /visits/{visit_id}/signatures": visited(),
    "GET /visits/{visit_id}/readiness": clinicians(),
    "POST /visits/{visit_id}/sign": clinicians(body={"analysis_ids": ["{analysis_id}"]}),
    "POST /visits/{visit_id}/amend": clinicians(body=_WHY),
    "POST /visits/{visit_id}/entered-in-error": clinicians(body=_WHY),
    # Exports
    "POST /research-exports": right(everywhere="R", body={}),
    "GET /research-exports": right(everywhere="R"),
    "GET /research-exports/{export_id}": right(own="R", lacks=True),
    "GET /research-exports/{export_id}/file": right(own="R", lacks=True),
    "POST /patients/{patient_id}/exports": clinicians(body={}),
    "GET /patients/{patient_id}/exports": clinicians(),
    "GET /patients/{patient_id}/exports/{export_id}": clinicians(),
    "GET /patients/{patient_id}/exports/{export_id}/file": clinicians(lacks=True),
    # The site
    "GET /admin/storage": administration(),
    "GET /admin/queue": administration(),
    "GET /admin/models": administration(),
    "GET /admin/retention": administration(),
    "PUT /admin/retention/{data_class}": administration(body={"keep_days": 400}, lacks=True),
}
