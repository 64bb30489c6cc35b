"""How Alembic meets this project: the connection comes from `backend.db.migrate`, never a file."""

from alembic import context

from backend.db import models  # noqa: F401 - makes the metadata complete
from backend.db.base import Base
from backend.db.migrations.rendering import render_item

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
