"""The service answers whatever the OpenAPI document allows to be asked as the document says.

Every role asks every route; `SFPFR_CONTRACT_EXAMPLES=25` lets each ask more often.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patient_rows import OWN, rows_of
from route_rights import OPEN, RIGHTS, SELF
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from service_factories import Service

from backend.access import Role
from backend.app import API

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("SFPFR_CONTRACT_EXAMPLES", "2"))
ROUTES = sorted({route for route, right in RIGHTS.items() if not right.endless} | OPEN | SELF)
# Parts of uploads are bytes under a name of their own.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.fixture(scope="module")
def schema(site: Service) -> Any:
    """The document as a client gets it."""
    return schemathesis.openapi.from_dict(site.app.openapi())


@pytest.mark.parametrize("route", ROUTES)
def test_answers_are_as_declared(site: Service, schema: Any, route: str) -> None:
    method, _, path = route.partition(" ")
    operation = schema[API + path][method]

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def check(role: Role, case: Any, real: bool) -> None:
        # A browser of its own each time: some routes sign out.
        browser: Any = site.client(role)
        if real and case.path_parameters:
            names = rows_of(site, browser.user, OWN)
            case.path_parameters = {
                name: names.get(name, value) for name, value in case.path_parameters.items()
            }
        sent = case.as_transport_kwargs(base_url=site.settings.public_url)
        sent.pop("cookies")
        if "data" in sent:
            sent["content"] = sent.pop("data")
        case.validate_response(browser.request(**sent), checks=CHECKS)

    for role in Role:
        check(role)
