"""The audit trail: an entry is written in the transaction of what it tells of, so that neither is without the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tejido.app.cases.tables import AuditEntry

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

CREATED, EDITED, CONFIRMED, DELETED = "case.create", "case.edit", "case.diagnosis", "case.delete"
EXPORTED, LOGGED_IN = "cases.export", "account.login"
ACCOUNT_ADDED, ACCOUNT_REMOVED, PASSWORD_CHANGED = "account.add", "account.remove", "account.password"
SYSTEM = "command line"
"""Who did what was done with commands on the server's own machine."""


def note(session: Session, who: str, action: str, case: UUID | None = None, detail: str | None = None) -> None:
    """Add an entry to the audit trail."""
    session.add(AuditEntry(at=datetime.now(UTC), who=who, action=action, case_id=case, detail=detail))
