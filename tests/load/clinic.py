"""How fast a big clinic's pages answer: run by hand on a quiet machine, see docs/operations.md.

    PYTHONPATH=tests/support .venv/bin/python tests/load/clinic.py

Fills a PostgreSQL with patients through the services, starts `sfpfr serve`, and lets clients read
lists and records, one request a second each. Prints the times by kind of request as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import httpx2 as httpx
import numpy as np
from postgres_server import empty_database, server
from running_service import free_port, until
from sqlalchemy import text

from backend.access import Caller, Permission, Role
from backend.consents import service as consents
from backend.consents.schemas import ConsentRecord
from backend.db.models import Purpose
from backend.db.session import Database
from backend.patients import service as patients
from backend.patients.schemas import PatientCreate
from backend.settings import Settings
from backend.teams import service as teams
from backend.users import account
from backend.users.schemas import TokenCreate
from backend.users.service import add_user
from backend.visits import service as visits
from backend.visits.schemas import VisitCreate
from cli.migrate import prepare
from cli.site import opened

FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fritz", "Gita", "Hugo", "Ines", "Jan")
LAST = ("Achterberg", "Brinkmann", "Castillo", "Dimitrov", "Eriksen", "Fontaine", "Gruber")
# Bounds: 95 of 100 answers within so many milliseconds.
BOUNDS_MS = {"list": 150.0, "search": 150.0, "visits": 150.0, "record": 60.0}
BATCH = 200


def main() -> None:
    """Fill, serve, measure; exit code 1 when a bound is missed or a request fails."""
    options = argparse.ArgumentParser()
    options.add_argument("--patients", type=int, default=10_000)
    options.add_argument("--clients", type=int, default=50)
    options.add_argument("--seconds", type=int, default=60)
    asked = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sfpfr-load-") as folder,
        server() as there,
        empty_database(there) as url,
    ):
        os.environ |= {"SFPFR_DATA_DIR": folder, "SFPFR_DATABASE_URL": url}
        os.environ["SFPFR_REQUESTS_A_MINUTE"] = str(asked.clients * 120)
        os.environ["SFPFR_BROKER_URL"] = f"filesystem://{folder}/broker"
        settings = Settings()
        prepare(settings)
        with opened(settings) as site:
            began_s = time.perf_counter()
            token, ids = fill(site, asked.patients)
            filled_s = time.perf_counter() - began_s
        with served() as address:
            times, errors = read(address, token, ids, asked.clients, asked.seconds)
    figures = {
        kind: told(found) | {"bound_p95_ms": BOUNDS_MS[kind]} for kind, found in times.items()
    }
    within = all(found["p95_ms"] <= found["bound_p95_ms"] for found in figures.values())
    about = vars(asked) | {"filled_s": round(filled_s, 1), "errors": errors}
    sys.stdout.write(json.dumps(about | {"requests": figures}, indent=2) + "\n")
    sys.exit(0 if within and not errors else 1)


def fill(site: Database, count: int) -> tuple[str, list[str]]:
    """Patients of one care team with consents and three visits each; a token and their ids."""
    chance = random.Random(7)
    with site.unit_of_work() as session:
        user = add_user(
            session, None, email="load@x.example", display_name="Load", roles={Role.CLINICIAN}
        )
        session.flush()
        team = teams.create(session, None, "Load")
        teams.join(session, None, team.id, user.id)
        caller = Caller(user.id, user.roles, "load", "session", team_ids=frozenset({team.id}))
        wanted = TokenCreate.model_construct(name="load", scopes=frozenset(Permission), days=1)
        _, token = account.create_token(session, caller, wanted)
    ids: list[str] = []
    for start in range(0, count, BATCH):
        with site.unit_of_work() as session:
            for number in range(start, min(start + BATCH, count)):
                new = PatientCreate(
                    name=f"{chance.choice(FIRST)} {chance.choice(LAST)}",
                    mrn=f"M-{number:07}",
                    birth_year=chance.randint(1930, 2015),
                    although_similar=True,
                )
                patient = patients.create(session, caller.acting(Permission.PATIENT_CREATE), new)
                ids.append(str(patient.id))
                today = site.clock.now().date()
                consents.record(
                    session,
                    caller.acting(Permission.CONSENT_RECORD),
                    patient.id,
                    ConsentRecord(purpose=Purpose.CARE, signed_on=today),
                )
                for _ in range(3):
                    day: date = today - timedelta(days=chance.randint(1, 900))
                    visits.create(
                        session,
                        caller.acting(Permission.VISIT_WRITE),
                        patient.id,
                        VisitCreate(visited_on=day),
                    )
        sys.stderr.write(f"\r{len(ids)} patients")
    sys.stderr.write("\n")
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return token, ids


@contextmanager
def served() -> Iterator[str]:
    """The API as a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", str(port)], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield address
    finally:
        process.terminate()
        process.wait()


def read(
    address: str, token: str, ids: list[str], clients: int, seconds: int
) -> tuple[dict[str, list[float]], int]:
    """Times in ms by kind of request, and how many failed."""
    times: dict[str, list[float]] = defaultdict(list)
    errors: list[int] = []

    def one(number: int) -> None:
        chance = random.Random(number)
        with httpx.Client(
            base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            due = time.perf_counter() + chance.random()
            for _ in range(seconds):
                threading.Event().wait(max(0.0, due - time.perf_counter()))
                due += 1.0
                kind = chance.choices(list(BOUNDS_MS), weights=(3, 2, 2, 3))[0]
                began = time.perf_counter()
                answer = ask(client, kind, chance, ids)
                times[kind].append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    errors.append(answer.status_code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(errors)


def ask(client: httpx.Client, kind: str, chance: random.Random, ids: list[str]) -> httpx.Response:
    """One request of a kind."""
    if kind == "list":
        sort = chance.choice(("-last_visit", "pseudonym", "-created_at"))
        offset = 50 * chance.randint(0, 20)
        return client.get("/patients", params={"sort": sort, "offset": offset})
    if kind == "search":
        typed = chance.choice((chance.choice(LAST)[:4], f"M-{chance.randint(0, len(ids)):07}"))
        return client.post("/patients/search", json={"q": typed})
    patient = chance.choice(ids)
    return client.get(f"/patients/{patient}/visits" if kind == "visits" else f"/patients/{patient}")


def told(found: list[float]) -> dict[str, float]:
    """Count and percentiles."""
    return {
        "count": len(found),
        "p50_ms": round(float(np.percentile(found, 50)), 1),
        "p95_ms": round(float(np.percentile(found, 95)), 1),
        "worst_ms": round(max(found), 1),
    }


if __name__ == "__main__":
    main()
