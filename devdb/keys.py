"""Generated keys: creates ADMIN_KEY and SECRET_KEY once for a folder and stores them in files."""

import secrets
from collections.abc import Mapping
from pathlib import Path

NAMES = ("ADMIN_KEY", "SECRET_KEY")


def missing_keys(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return a key for each setting without a value; the same folder always gives the same keys."""
    missing = [name for name in NAMES if not settings.get(name, "").strip()]
    return {name: _stored_key(folder / name.lower()) for name in missing}


def _stored_key(path: Path) -> str:
    if path.exists() and (stored := path.read_text().strip()):
        return stored
    key = secrets.token_urlsafe(24)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)  # only the owner may read it
    path.write_text(key)
    return key
