"""Figures about requests for a monitoring system; those about stored rows are not here.

Labels are route templates, methods and status codes: never an address that somebody typed.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.06, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics:
    """Counts and times of requests, in a registry of their own (one for each application)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "sfpfr_requests", "Answered requests", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "sfpfr_request_seconds",
            "Time to the last byte of an answer",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.open = Gauge("sfpfr_requests_open", "Requests being answered", registry=self.registry)
