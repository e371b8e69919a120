"""Settings of keys and secrets: labels, and several at once for rotation."""

from __future__ import annotations

import pytest

from core.config.settings import AdminKey, ConfigError, Settings, from_env

NEEDED = {
    "MONGODB_URI": "mongodb://db.example.org/?replicaSet=rs0",
    "ADMIN_KEY": "the-key-of-the-admin",
    "SECRET_KEY": "the-secret-of-the-links",
}


def read(**changes: str) -> Settings:
    return from_env({**NEEDED, **changes})


def problems(**changes: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        from_env({**NEEDED, **changes})
    return refused.value.problems


def test_a_key_of_the_back_office_may_have_a_label() -> None:
    keys = read(ADMIN_KEY="frontdesk:the-key-of-the-admin,the-key-without-a-label").admin_key

    assert keys[0] == AdminKey("frontdesk", "the-key-of-the-admin")
    assert keys[1].label.startswith("key-")
    assert keys[1].secret == "the-key-without-a-label"


def test_what_merely_looks_like_a_label_belongs_to_the_key() -> None:
    (key,) = read(ADMIN_KEY="the-key-of:the-admin").admin_key

    assert key.secret == "the-key-of:the-admin"


def test_two_keys_do_not_share_a_label() -> None:
    assert problems(ADMIN_KEY="desk:the-key-of-the-admin,desk:another-key-of-the-admin") == [
        "ADMIN_KEY must be keys with a label of its own each, or without any."
    ]


def test_several_secrets_sign_in_turn() -> None:
    assert read(SECRET_KEY="the-new-secret-key, the-old-secret-key").secret_key == (
        "the-new-secret-key",
        "the-old-secret-key",
    )
    assert problems(SECRET_KEY="the-new-secret-key,short") == [
        "SECRET_KEY must be secrets of at least 16 characters, separated by commas."
    ]
