"""File provider: e-mails are written to a folder instead of being sent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core import log
from notifications.errors import ProviderUnavailable
from notifications.mime import to_mime
from notifications.outbox.model import Message

LOG = log.get_logger("notifications.providers.file")


@dataclass(frozen=True)
class FileMailer:
    """Writes each message into `folder` and a summary without personal data to the log."""

    folder: Path

    def send(self, message: Message) -> str:
        """Write `message` to an .eml file named by its key, readable by its owner only. Idempotent."""
        content = bytes(to_mime(message, unencoded=True))
        file = self.folder / f"{message.key}.eml"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(file, "wb", opener=_private) as output:  # Path.open takes no opener
                output.write(content)
        except OSError as error:
            raise ProviderUnavailable(f"cannot write the e-mail: {type(error).__name__}") from error
        LOG.info("email_written", file=str(file), email_id=message.key)
        return ""


def _private(path: str, flags: int) -> int:
    opened = os.open(path, flags, 0o600)
    os.fchmod(opened, 0o600)  # The file may exist with other permissions.
    return opened
