"""Run by Alembic: applies the steps over the connection that ``migrate.py`` gives."""

from __future__ import annotations

from alembic import context

from tejido.app.cases.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
