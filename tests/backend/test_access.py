"""The permission table says what the product says, and nothing beyond it."""

from itertools import combinations
from uuid import uuid4

import pytest

from backend.access import GRANTS, Caller, Permission, Reach, Role


def a_caller(*roles: Role, scopes: frozenset[Permission] | None = None) -> Caller:
    return Caller(
        user_id=uuid4(),
        roles=frozenset(roles),
        request_id="r",
        authenticated_by="session" if scopes is None else "token",
        scopes=scopes,
    )


def test_every_permission_is_in_the_table() -> None:
    assert set(GRANTS) == set(Permission)


def test_without_a_role_nothing_is_allowed() -> None:
    assert not any(a_caller().may(permission) for permission in Permission)


@pytest.mark.parametrize("roles", list(combinations(Role, 2)))
def test_rights_of_several_roles_are_their_union(roles: tuple[Role, ...]) -> None:
    for permission in Permission:
        single = [a_caller(role).reach_of(permission) for role in roles]
        assert a_caller(*roles).reach_of(permission) == frozenset().union(*single)


def test_researchers_never_see_faces_or_identities() -> None:
    reachable = {p for p in Permission if a_caller(Role.RESEARCHER).may(p)}
    assert reachable == {
        Permission.PROTOCOL_READ,
        Permission.RESULTS_READ,
        Permission.COMPARE,
        Permission.EXPORT_RESEARCH,
    }


def test_administrators_see_faces_through_break_glass_alone() -> None:
    admin = a_caller(Role.ADMIN)
    for permission in (Permission.FACE_READ, Permission.RESULTS_READ, Permission.VISIT_READ):
        assert admin.reach_of(permission) == {Reach.BREAK_GLASS}
    for permission in (Permission.SIGN, Permission.VISIT_WRITE, Permission.EXPORT_CLINICAL):
        assert not admin.may(permission)


def test_therapists_neither_sign_nor_void_nor_decide() -> None:
    therapist = a_caller(Role.THERAPIST)
    refused = (Permission.SIGN, Permission.PATIENT_VOID, Permission.REVIEW_WRITE)
    assert not any(therapist.may(permission) for permission in refused)
    assert therapist.may(Permission.REVIEW_PROPOSE)


def test_a_token_has_its_scopes_and_not_more_than_its_user() -> None:
    token = a_caller(
        Role.THERAPIST, scopes=frozenset({Permission.VISIT_READ, Permission.USERS_MANAGE})
    )
    assert {p for p in Permission if token.may(p)} == {Permission.VISIT_READ}
