"""Settings: the only reader of the environment.

`from_env(mapping)` reads all settings and reports every problem together. No setting has a dangerous default, and the
`repr` of the result shows no secret. `.env.example` describes each name.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from dotenv import dotenv_values
from limits import parse_many

from core.config import parsers
from core.config.cpu_cores import available_cores
from core.config.openid_providers import ProviderSettings, parse_providers
from core.config.payment_provider import PaymentProviderSettings, parse_payment_provider
from core.text import visible_ascii

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent.parent
MIN_SECRET_LENGTH = 16
MAX_DEFAULT_WORKERS = 8
LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
DEFAULT_SENDER = "Open day <bookings@example.org>"
DEFAULT_ADMIN = "admin@example.org"


class ConfigError(Exception):
    """The settings are invalid. `problems` has one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("These settings need attention:\n" + "\n".join(f"  - {p}" for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class AdminKey:
    """A key of the back office, and the label that the audit records for it."""

    label: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; the names are those of the environment in lower case."""

    mongodb_uri: str = field(repr=False)
    mongodb_database: str
    admin_key: tuple[AdminKey, ...] = field(repr=False)
    secret_key: tuple[str, ...] = field(repr=False)
    public_url: str
    cors_origins: tuple[str, ...]
    embed_origins: tuple[str, ...]
    trusted_proxies: int
    rate_limit_default: str
    rate_limit_bookings: str
    rate_limit_emails: str
    rate_limit_booking_emails: str
    rate_limit_login: str
    rate_limit_register: str
    rate_limit_reserve: str
    rate_limit_orders: str
    order_hold_seconds: int
    payment_provider: PaymentProviderSettings
    payment_success_rate: float
    payment_timeout_seconds: int
    payment_late_seconds: int
    access_token_seconds: int
    refresh_token_days: int
    password_blocklist: bool
    oidc_providers: tuple[ProviderSettings, ...] = ()
    rate_limit_storage: str = field(repr=False)
    resend_api_key: str = field(repr=False)
    resend_api_url: str
    allow_test_domains: bool = False
    resend_webhook_secret: str = field(default="", repr=False)
    smtp_url: str = field(repr=False)
    mail_from: str
    mail_rate: float
    admin_email: str
    schedule_file: Path
    log_format: str
    web_concurrency: int
    host: str
    port: int
    max_body_bytes: int


def load_environment(dotenv: Path = ROOT / ".env") -> dict[str, str]:
    """Return the process environment, merged over the values of a `.env` file if it exists."""
    values = {name: value for name, value in dotenv_values(dotenv).items() if value is not None}
    return values | dict(os.environ)


def configure_multiprocess_metrics(directory: Path) -> None:
    """Set an empty directory for prometheus_client's multiprocess files, for this process and its children."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.db"):
        stale.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def from_env(env: Mapping[str, str]) -> Settings:
    """Parse `env`; raises ConfigError with every problem."""
    reader = _Reader(env)
    port = reader.number("PORT", 8000, 1, 65535)
    mails = bool(reader.text("RESEND_API_KEY") or reader.text("SMTP_URL"))
    settings = Settings(
        mongodb_uri=reader.parse("MONGODB_URI", parsers.mongodb_uri),
        mongodb_database=reader.parse("MONGODB_DATABASE", _database_name, "booking"),
        admin_key=reader.parse("ADMIN_KEY", _admin_keys),
        secret_key=reader.parse("SECRET_KEY", _secrets),
        public_url=reader.parse("PUBLIC_URL", parsers.origin, f"http://127.0.0.1:{port or 8000}"),
        **_origin_settings(reader),
        trusted_proxies=reader.number("TRUSTED_PROXIES", 0, 0, 10),
        rate_limit_default=reader.parse("RATE_LIMIT_DEFAULT", _rate, "300 per 15 minutes"),
        rate_limit_bookings=reader.parse("RATE_LIMIT_BOOKINGS", _rate, "3 per hour"),
        rate_limit_emails=reader.parse("RATE_LIMIT_EMAILS", _rate, "60 per hour"),
        rate_limit_booking_emails=reader.parse("RATE_LIMIT_BOOKING_EMAILS", _rate, "10 per hour"),
        **_account_settings(reader),
        **_order_settings(reader),
        rate_limit_storage=reader.parse("RATE_LIMIT_STORAGE", parsers.limit_storage, "mongodb"),
        resend_api_key=reader.text("RESEND_API_KEY"),
        resend_api_url=reader.parse("RESEND_API_URL", parsers.url, "https://api.resend.com"),
        resend_webhook_secret=reader.parse("RESEND_WEBHOOK_SECRET", _webhook_secret, ""),
        smtp_url=reader.parse("SMTP_URL", parsers.smtp_url, ""),
        mail_from=reader.parse("MAIL_FROM", parsers.mailbox, None if mails else DEFAULT_SENDER),
        mail_rate=reader.parse("MAIL_RATE", _mail_rate, "2"),
        admin_email=reader.parse("ADMIN_EMAIL", parsers.email_address, None if mails else DEFAULT_ADMIN),
        allow_test_domains=reader.parse("ALLOW_TEST_DOMAINS", _one_of("yes", "no"), "no") == "yes",
        schedule_file=reader.parse("SCHEDULE_FILE", _file, "schedules/march_2026.toml"),
        log_format=reader.parse("LOG_FORMAT", _one_of("json", "console"), "json"),
        web_concurrency=reader.number("WEB_CONCURRENCY", min(available_cores(), MAX_DEFAULT_WORKERS), 1, 64),
        host=reader.parse("HOST", _host, "127.0.0.1"),
        port=port,
        max_body_bytes=reader.number("MAX_BODY_BYTES", 32_768, 1_024, 10_485_760),
    )
    if settings.resend_api_key and settings.smtp_url:
        reader.problems.append("RESEND_API_KEY and SMTP_URL are both set: keep the one that sends the e-mails.")
    if reader.problems:
        raise ConfigError(reader.problems)
    return settings


def _origin_settings(reader: _Reader) -> dict[str, Any]:
    return {
        "cors_origins": reader.parse("CORS_ORIGINS", parsers.origins, ""),
        "embed_origins": reader.parse("EMBED_ORIGINS", parsers.embed_origins, parsers.ANY_ORIGIN),
    }


def _account_settings(reader: _Reader) -> dict[str, Any]:
    return {
        "rate_limit_login": reader.parse("RATE_LIMIT_LOGIN", _rate, "50 per 15 minutes"),
        "rate_limit_register": reader.parse("RATE_LIMIT_REGISTER", _rate, "20 per hour"),
        "access_token_seconds": reader.number("ACCESS_TOKEN_SECONDS", 900, 60, 86_400),
        "refresh_token_days": reader.number("REFRESH_TOKEN_DAYS", 7, 1, 365),
        "password_blocklist": reader.parse("PASSWORD_BLOCKLIST", _one_of("on", "off"), "on") == "on",
        "oidc_providers": parse_providers(reader.env, reader.problems),
    }


def _order_settings(reader: _Reader) -> dict[str, Any]:
    return {
        "rate_limit_reserve": reader.parse("RATE_LIMIT_RESERVE", _rate, "60 per 15 minutes"),
        "rate_limit_orders": reader.parse("RATE_LIMIT_ORDERS", _rate, "60 per 15 minutes"),
        "order_hold_seconds": reader.number("ORDER_HOLD_SECONDS", 600, 60, 86_400),
        "payment_provider": parse_payment_provider(reader.env, reader.problems),
        "payment_success_rate": reader.parse("PAYMENT_SUCCESS_RATE", _share, "1"),
        "payment_timeout_seconds": reader.number("PAYMENT_TIMEOUT_SECONDS", 10, 1, 60),
        "payment_late_seconds": reader.number("PAYMENT_LATE_SECONDS", 5, 1, 86_400),
    }


class _Reader:
    """Parses values and collects their problems."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self.env.get(name, "").strip()

    def parse(self, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
        """Parse a value; a missing or invalid one becomes a problem, which never quotes the value."""
        value = self.text(name) or default
        if value is None:
            self.problems.append(f"{name} is not set.")
        else:
            try:
                return parse(value)
            except ValueError as error:
                self.problems.append(f"{name} {error}")
        return cast("T", None)  # Never used: from_env raises.

    def number(self, name: str, default: int, least: int, most: int) -> int:
        def parse(value: str) -> int:
            if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
                raise ValueError(f"must be a whole number from {least} to {most}.")
            return int(value)

        return self.parse(name, parse, str(default))


def _database_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,38}", value) or value in ("admin", "config", "local"):
        raise ValueError("must be 1 to 38 letters, digits, - or _, and none of MongoDB's own: admin, config, local.")
    return value


def _admin_keys(value: str) -> tuple[AdminKey, ...]:
    keys = tuple(_admin_key(key.strip()) for key in value.split(",") if key.strip())
    if not keys or any(len(key.secret) < MIN_SECRET_LENGTH or not visible_ascii(key.secret) for key in keys):
        raise ValueError(f"must be keys of at least {MIN_SECRET_LENGTH} visible ASCII characters, separated by commas.")
    if len({key.label for key in keys}) < len(keys):
        raise ValueError("must be keys with a label of its own each, or without any.")
    return keys


def _admin_key(value: str) -> AdminKey:
    label, colon, secret = value.partition(":")
    if colon and LABEL.fullmatch(label) and len(secret) >= MIN_SECRET_LENGTH:
        return AdminKey(label, secret)
    return AdminKey(f"key-{hashlib.sha256(value.encode()).hexdigest()[:6]}", value)


def _secrets(value: str) -> tuple[str, ...]:
    secrets = tuple(secret.strip() for secret in value.split(",") if secret.strip())
    if not secrets or any(len(secret) < MIN_SECRET_LENGTH for secret in secrets):
        raise ValueError(f"must be secrets of at least {MIN_SECRET_LENGTH} characters, separated by commas.")
    return secrets


def _rate(value: str) -> str:
    try:
        usable = all(item.amount > 0 for item in parse_many(value))
    except ValueError:
        usable = False
    if not usable:
        raise ValueError('must be a rate such as "300 per 15 minutes".')
    return value


def _webhook_secret(value: str) -> str:
    try:
        key = b64decode(value.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if value and (not value.startswith("whsec_") or len(key) < MIN_SECRET_LENGTH):
        raise ValueError("must be the signing secret that Resend shows for the webhook: whsec_ and base64.")
    return value


def _mail_rate(value: str) -> float:
    try:
        rate = float(value)
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 100_000:
        raise ValueError("must be e-mails a second, from 0.01 to 100000.")
    return rate


def _share(value: str) -> float:
    if not re.fullmatch(r"0|1|0?\.[0-9]{1,6}|[01]\.0{1,6}", value):
        raise ValueError("must be a number from 0 to 1, such as 0.95.")
    return float(value)


def _file(value: str) -> Path:
    path = Path(value) if Path(value).is_absolute() else ROOT / value
    if not path.is_file():
        raise ValueError("names no file.")
    return path


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,255}", value):
        raise ValueError("must be an address of this machine, such as 127.0.0.1 or 0.0.0.0.")
    return value


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}.")
        return value

    return parse
