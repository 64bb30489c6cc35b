"""One-time links: the first set-up, a new password, a lost second factor.

The secret stands behind the `#` of the address: browsers don't send it, so that no log has it.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID

from sqlalchemy.orm import Session

from backend.access import Caller, Role
from backend.audit import service as audit
from backend.db.models import LinkPurpose, Membership, OneTimeLink, Team, User
from backend.db.session import now
from backend.kit.errors import InvalidError
from backend.settings import Settings
from backend.users import account, repository
from backend.users.errors import LinkUsedUpError, WrongCredentialsError
from backend.users.passwords import refuse_weak
from backend.users.proof import Gate, forgive
from backend.users.schemas import LinkCreated, LinkRead, LinkUse
from backend.users.service import add_user
from backend.users.tokens import hashed, new_secret

_PAGE = "welcome"
_FIRST_TEAM = "Clinic"


def issue(
    session: Session,
    settings: Settings,
    caller: Caller | None,
    purpose: LinkPurpose,
    user: User | None,
) -> LinkCreated:
    """A link for this user, or for the set-up; earlier ones of its purpose end."""
    secret, at = new_secret(), now(session)
    user_id = None if user is None else user.id
    repository.use_up_links(session, user_id, purpose, at)
    link = OneTimeLink(
        user_id=user_id,
        purpose=purpose,
        token_hash=hashed(secret),
        created_at=at,
        created_by_id=None if caller is None else caller.user_id,
        expires_at=at + timedelta(hours=settings.link_hours),
    )
    session.add(link)
    audit.record(session, caller, "link.create", "user", user_id, detail={"purpose": purpose.value})
    url = urljoin(settings.public_url + "/", f"{_PAGE}#{secret}")
    return LinkCreated(url=url, expires_at=link.expires_at)


def issue_setup(session: Session, settings: Settings) -> LinkCreated | None:
    """The link that makes the first administrator; None when there is one already."""
    if repository.any_admin(session):
        return None
    return issue(session, settings, None, LinkPurpose.SETUP, None)


def inspect(session: Session, secret: str) -> LinkRead:
    """What a link is good for; raises LinkUsedUpError."""
    link, user = _alive(session, secret)
    email = None if user is None else user.email
    return LinkRead(purpose=link.purpose, email=email, expires_at=link.expires_at)


def use(gate: Gate, use: LinkUse, request_id: str) -> User:
    """Do what the link is good for, once; its user, who then signs in as always.

    Raises LinkUsedUpError, WeakPasswordError, WrongCredentialsError, LockedOutError,
    InvalidError, EmailTakenError.
    """
    with gate.database.unit_of_work(read_only=True) as unit:
        link, user = _alive(unit, use.secret)
    if link.purpose is LinkPurpose.TOTP:
        return _lose_totp(gate, use, user, request_id)
    known = (use.email, use.display_name) if user is None else (user.email, user.display_name)
    refuse_weak(use.password, *filter(None, known))
    password_hash = gate.passwords.hash(use.password)
    with gate.database.unit_of_work() as unit:
        link, user = _alive(unit, use.secret, lock=True)
        link.used_at = now(unit)
        if user is None:
            user = _first_user(unit, use)
        user.password_hash, user.password_changed_at = password_hash, now(unit)
        repository.revoke_sessions(unit, user.id, now(unit))
        forgive(unit, user.email)
        _told(unit, user, link.purpose, request_id)
    return user


def _lose_totp(gate: Gate, use: LinkUse, user: User | None, request_id: str) -> User:
    if user is None or gate.password(user.email, use.password).id != user.id:
        raise WrongCredentialsError
    with gate.database.unit_of_work() as unit:
        link, found = _alive(unit, use.secret, lock=True)
        if found is None:
            raise LinkUsedUpError
        link.used_at = now(unit)
        account.drop_totp(unit, found)
        repository.revoke_sessions(unit, found.id, now(unit))
        forgive(unit, found.email)
        _told(unit, found, link.purpose, request_id)
    return found


def _first_user(session: Session, use: LinkUse) -> User:
    if repository.any_admin(session):
        raise LinkUsedUpError
    if use.email is None or use.display_name is None:
        raise InvalidError("The first user needs an e-mail address and a name.")
    roles = frozenset({Role.ADMIN, Role.CLINICIAN})
    user = add_user(session, None, email=use.email, display_name=use.display_name, roles=roles)
    teams = list(repository.all_teams(session))
    if not teams:
        teams = [Team(name=_FIRST_TEAM, created_at=now(session), created_by_id=user.id)]
        session.add_all(teams)
    session.flush()
    for team in teams:
        session.add(Membership(team_id=team.id, user_id=user.id, created_at=now(session)))
    return user


def _alive(session: Session, secret: str, *, lock: bool = False) -> tuple[OneTimeLink, User | None]:
    link = repository.link(session, hashed(secret), now(session), lock=lock)
    if link is None:
        raise LinkUsedUpError
    user = _user_of(session, link.user_id)
    setup = link.purpose is LinkPurpose.SETUP
    if (user is None) != setup or (user is not None and user.disabled_at is not None):
        raise LinkUsedUpError
    return link, user


def _user_of(session: Session, user_id: UUID | None) -> User | None:
    return None if user_id is None else repository.user(session, user_id)


def _told(session: Session, user: User, purpose: LinkPurpose, request_id: str) -> None:
    actor = Caller(user.id, user.roles, request_id, "session")
    audit.record(session, actor, "link.use", "user", user.id, detail={"purpose": purpose.value})
