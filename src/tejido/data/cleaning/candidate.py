"""An image on its way into the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tejido.data.cleaning.claims import Claim
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.sources.record import ImageRecord


@dataclass(frozen=True)
class Candidate:
    """An image that may be kept.

    Attributes:
        record: what is known of it, after the tables were joined.
        seen: its fingerprint; None where only tables were read.
        claims: what its source and the tables say that it shows.
    """

    record: ImageRecord
    seen: Fingerprint | None
    claims: Sequence[Claim]

    @property
    def own_diagnosis(self) -> str | None:
        """What its own source says, before any table was joined."""
        return next((claim.diagnosis for claim in self.claims if claim.by == self.record.source), None)
