"""Structured logs: one JSON line an event, of listed keys only; who logs what is not here.

A log is read by people who may not see patients, so nothing reaches it by accident: events are
constant sentences, values stand under listed keys, an exception is told by its class and place
and never by its message, and records of libraries are told by their template without its values.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

# What may be said. None of these holds what a patient is called, or a text that somebody typed.
LISTED = frozenset(
    """attempt bytes checks code count duration_ms exit_code job_id kind method pid port queue
    request_id revision roles route seconds service signal stage state status take_id upload_id
    user_id version worker""".split()  # noqa: SIM905 - a list of words reads best as words
)
# Made by the processors below, or by structlog itself.
OWN = frozenset(["error", "event", "level", "logger", "refused_keys", "time", "where"])
# Libraries whose records hold addresses and versions at most.
VERBATIM = ("alembic", "celery.apps", "celery.worker.consumer", "kombu", "uvicorn.error")
# Told every few seconds while nothing happens.
CHATTY = ("alembic.runtime.migration", "celery.app.trace", "celery.worker.strategy")
LONGEST = 200
ROOT = Path(__file__).resolve().parents[2]


def configure_logs(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the logs of this process, libraries' included, to `stream` (standard error)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        tell_errors_by_place,
    ]
    structlog.configure(
        processors=[*shared, keep_listed, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, tell_libraries_by_template, keep_listed],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its lines hold whole addresses; `backend.kit.observed` writes the access log.
    logging.getLogger("uvicorn.access").disabled = True


def log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; call it with a constant sentence and listed keys."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def keep_listed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop what is not listed, or is no plain value; the names of what was dropped stay."""
    refused = []
    for key in list(event):
        if key in OWN or key.startswith("_"):
            continue
        value = event[key]
        if key not in LISTED or not isinstance(value, str | int | float | bool | None):
            del event[key]
            refused.append(key)
        elif isinstance(value, str):
            event[key] = value[:LONGEST]
    if refused:
        event["refused_keys"] = sorted(refused)
    return event


def tell_errors_by_place(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace an exception by its classes and its frames: a message may hold anything."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else None
    if error is None:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    if error is None:
        return event
    classes, places = [], []
    told: set[int] = set()
    while error is not None and id(error) not in told:
        told.add(id(error))
        classes.append(f"{type(error).__module__}.{type(error).__qualname__}")
        frames = traceback.extract_tb(error.__traceback__)
        places += [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or error.__context__
    event["error"] = " < ".join(classes)
    event["where"] = places[-12:]
    return event


def tell_libraries_by_template(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The text of a library's record: whole from a few, else without the values put into it."""
    record: logging.LogRecord = event["_record"]
    if not record.name.startswith(VERBATIM):
        event["event"] = str(record.msg)
    return event


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
