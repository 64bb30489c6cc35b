"""How a new migration spells the project's column types: as plain ones, which never change."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import JSON, BigInteger

from backend.db.types import UtcDateTime, Words


def render_item(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """Alembic's hook; False lets it spell the thing itself."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Words):
        return f"sa.String({item.length})"
    if isinstance(item, JSON):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if isinstance(item, BigInteger) and item._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False
