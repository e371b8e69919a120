"""Templates with attachments: the batches of the service leave out exactly the e-mails that can have a file."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import wiring
from notifications import preview
from notifications.outbox.model import OutboxEmail
from notifications.render import TEMPLATES

NAMES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
WRITTEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", NAMES)
def test_template_with_attachments_is_known_to_the_planner(services: wiring.Services, name: str) -> None:
    planner = services.worker.dispatcher.planner
    email = OutboxEmail(
        id="0",
        template=name,
        to="ada@example.org",
        context={**preview.CONTEXT, "language": "en", "event": "Open days"},
        created_at=WRITTEN,
        due_at=WRITTEN,
        subject="0",
    )

    assert bool(planner.render(email).attachments) is (name in planner.with_attachments)
