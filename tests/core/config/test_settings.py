"""Settings fail early, completely, and show no secret."""

from __future__ import annotations

import dataclasses
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import ConfigurationError

from core.config.cpu_cores import available_cores
from core.config.payment_provider import PaymentProviderSettings
from core.config.settings import ROOT, AdminKey, ConfigError, Settings, from_env, load_environment

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


def test_with_what_is_needed_the_rest_has_safe_defaults() -> None:
    settings = read()

    assert settings == Settings(
        mongodb_uri=NEEDED["MONGODB_URI"],
        mongodb_database="booking",
        admin_key=(AdminKey("key-" + sha256(b"the-key-of-the-admin").hexdigest()[:6], "the-key-of-the-admin"),),
        secret_key=("the-secret-of-the-links",),
        public_url="http://127.0.0.1:8000",
        cors_origins=(),
        embed_origins=("*",),
        trusted_proxies=0,
        rate_limit_default="300 per 15 minutes",
        rate_limit_bookings="3 per hour",
        rate_limit_emails="60 per hour",
        rate_limit_booking_emails="10 per hour",
        rate_limit_login="50 per 15 minutes",
        rate_limit_register="20 per hour",
        rate_limit_reserve="60 per 15 minutes",
        rate_limit_orders="60 per 15 minutes",
        order_hold_seconds=600,
        payment_provider=PaymentProviderSettings(),
        payment_success_rate=1.0,
        payment_timeout_seconds=10,
        payment_late_seconds=5,
        access_token_seconds=900,
        refresh_token_days=7,
        password_blocklist=True,
        rate_limit_storage="mongodb",
        resend_api_key="",
        resend_api_url="https://api.resend.com",
        smtp_url="",
        mail_from="Open day <bookings@example.org>",
        mail_rate=2.0,
        admin_email="admin@example.org",
        schedule_file=ROOT / "schedules" / "march_2026.toml",
        log_format="json",
        web_concurrency=min(available_cores(), 8),
        host="127.0.0.1",
        port=8000,
        max_body_bytes=32_768,
    )


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_is_needed_has_no_default(name: str) -> None:
    for empty in ("", "   "):
        assert problems(**{name: empty}) == [f"{name} is not set."]


def test_every_problem_is_reported_together() -> None:
    with pytest.raises(ConfigError) as refused:
        from_env(
            {"MONGODB_URI": "http://db", "SECRET_KEY": "short", "PORT": "0", "LOG_FORMAT": "xml", "CORS_ORIGINS": "*"}
        )

    named = [problem.split()[0] for problem in refused.value.problems]
    assert sorted(named) == ["ADMIN_KEY", "CORS_ORIGINS", "LOG_FORMAT", "MONGODB_URI", "PORT", "SECRET_KEY"]
    assert all(problem in str(refused.value) for problem in refused.value.problems)


BAD = [
    ("MONGODB_URI", "localhost:27017"),
    ("MONGODB_URI", "postgres://db"),
    ("MONGODB_URI", "mongodb://"),
    ("MONGODB_URI", "mongodb://u:p@ss@host/"),
    ("MONGODB_URI", "mongodb://u:p/ss@host/"),
    ("MONGODB_URI", "mongodb://u:5%@host/"),
    ("MONGODB_URI", "mongodb://u:p:q@host/"),
    ("MONGODB_URI", "mongodb://:p@host/"),
    ("MONGODB_URI", "mongodb://u@host"),
    ("MONGODB_URI", "mongodb+srv://u:@db.example.org"),
    ("MONGODB_URI", "mongodb://host:99999"),
    ("MONGODB_URI", "mongodb://host:0"),
    ("MONGODB_URI", "mongodb://host:abc"),
    ("MONGODB_URI", "mongodb://one,,two"),
    ("MONGODB_URI", "mongodb://::1"),
    ("MONGODB_URI", "mongodb://host/my db"),
    ("MONGODB_URI", "mongodb://host/?replicaSet"),
    ("MONGODB_URI", "mongodb+srv://db.example.org:27017"),
    ("MONGODB_URI", "mongodb+srv://db.example.org,other.example.org"),
    ("MONGODB_DATABASE", "two words"),
    ("MONGODB_DATABASE", "a.b"),
    ("MONGODB_DATABASE", "a/b"),
    ("MONGODB_DATABASE", "x" * 39),
    ("ADMIN_KEY", "short"),
    ("ADMIN_KEY", "the-key-of-the-admin,short"),
    ("ADMIN_KEY", ","),
    ("SECRET_KEY", "x" * 15),
    ("EMBED_ORIGINS", "www.example.org"),
    ("EMBED_ORIGINS", "*,https://www.example.org"),
    ("EMBED_ORIGINS", "https://www.example.org/page"),
    ("EMBED_ORIGINS", "https://a.example;script-src"),
    ("EMBED_ORIGINS", "https://b\u00fccher.example"),
    ("PUBLIC_URL", "book.example.org"),
    ("PUBLIC_URL", "ftp://book.example.org"),
    ("PUBLIC_URL", "https://book.example.org/path"),
    ("PUBLIC_URL", "https://book.example.org?x=1"),
    ("PUBLIC_URL", "http://h:abc"),
    ("PUBLIC_URL", "http://h:99999"),
    ("PUBLIC_URL", "http://[::1"),
    ("CORS_ORIGINS", "https://a.example.org:abc"),
    ("CORS_ORIGINS", "*"),
    ("CORS_ORIGINS", "https://*.example.org"),
    ("CORS_ORIGINS", "https://a.example.org, null"),
    ("CORS_ORIGINS", "https://a.example.org/path"),
    ("CORS_ORIGINS", "https://user@a.example.org"),
    *(("TRUSTED_PROXIES", value) for value in ("-1", "11", "yes")),
    ("RATE_LIMIT_DEFAULT", "many"),
    ("RATE_LIMIT_DEFAULT", "0"),
    ("RATE_LIMIT_BOOKINGS", "3 per century"),
    ("RATE_LIMIT_EMAILS", "0 per hour"),
    ("RATE_LIMIT_BOOKING_EMAILS", "often"),
    ("RATE_LIMIT_STORAGE", "file:///tmp"),
    ("RATE_LIMIT_STORAGE", "memory"),
    ("RATE_LIMIT_STORAGE", "mongodb://u:p@ss@host/"),
    ("RESEND_API_URL", "api.resend.com"),
    ("RESEND_API_URL", "http://h:abc"),
    ("RESEND_API_URL", "http://h:0"),
    *(("SMTP_URL", value) for value in ("mail.example.org", "http://mail.example.org", "smtp://")),
    ("SMTP_URL", "smtp://host:abc"),
    ("SMTP_URL", "smtp://host:99999"),
    ("SMTP_URL", "smtp://user:p/ss@host:25"),
    ("SMTP_URL", "smtp://user:p[ss@host:25"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", '"Open day <a@b.example"'),
    ("MAIL_FROM", "Open day <a@b.example"),
    ("MAIL_FROM", "Office, Open day <a@b.example>"),
    ("MAIL_FROM", "a@b.example, Open day <a@b.example>"),
    ("MAIL_FROM", "Team: Open day <a@b.example>"),
    ("MAIL_FROM", ".:<a@b.example"),
    ("MAIL_FROM", "Open\nday <a@b.example>"),
    ("MAIL_FROM", "Open day <nobody>"),
    ("MAIL_RATE", "0"),
    ("MAIL_RATE", "fast"),
    ("MAIL_RATE", "nan"),
    ("MAIL_RATE", "inf"),
    ("MAIL_RATE", "-1"),
    ("ADMIN_EMAIL", "admin"),
    ("ADMIN_EMAIL", "a@example.org, b@example.org"),
    ("SCHEDULE_FILE", "schedules/nothing.toml"),
    ("SCHEDULE_FILE", "schedules"),
    ("LOG_FORMAT", "JSON"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_CONCURRENCY", "65"),
    *(("PORT", value) for value in ("65536", "0", "8000.0")),
    ("MAX_BODY_BYTES", "1023"),
    ("MAX_BODY_BYTES", "99999999999"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(name: str, value: str) -> None:
    if name == "SMTP_URL":
        found = problems(SMTP_URL=value, MAIL_FROM="a@example.org", ADMIN_EMAIL="b@example.org")
    else:
        found = problems(**{name: value})

    assert [problem.split()[0] for problem in found] == [name]
    assert found[0].endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "read_as"),
    [
        ("MONGODB_URI", "mongodb+srv://db.example.org", "mongodb+srv://db.example.org"),
        ("MONGODB_DATABASE", "open-day_2026", "open-day_2026"),
        (
            "ADMIN_KEY",
            " one:key-one-of-the-admin , two:key-two-of-the-admin ,",
            (AdminKey("one", "key-one-of-the-admin"), AdminKey("two", "key-two-of-the-admin")),
        ),
        ("SECRET_KEY", "x" * 16, ("x" * 16,)),
        ("PUBLIC_URL", "https://book.example.org/", "https://book.example.org"),
        (
            "CORS_ORIGINS",
            "https://a.example.org, http://localhost:3000/",
            ("https://a.example.org", "http://localhost:3000"),
        ),
        (
            "CORS_ORIGINS",
            "HTTPS://Shop.Example:443, http://a.example:80/, https://b.example:80, http://[::1]:443, http://[2001:DB8::1]:80",
            (
                "https://shop.example",
                "http://a.example",
                "https://b.example:80",
                "http://[::1]:443",
                "http://[2001:db8::1]",
            ),
        ),
        ("PUBLIC_URL", "HTTPS://Book.Example.org:443/", "https://book.example.org"),
        ("TRUSTED_PROXIES", "10", 10),
        ("RATE_LIMIT_DEFAULT", "10/second", "10/second"),
        ("RATE_LIMIT_BOOKINGS", "1 per day", "1 per day"),
        ("RATE_LIMIT_EMAILS", "9 per hour", "9 per hour"),
        ("RATE_LIMIT_BOOKING_EMAILS", "2 per hour; 5 per day", "2 per hour; 5 per day"),
        ("RATE_LIMIT_STORAGE", "mongodb://other:27017", "mongodb://other:27017"),
        ("MAIL_RATE", "0.5", 0.5),
        ("MAIL_FROM", "Open day <a@example.org>", "Open day <a@example.org>"),
        ("MAIL_FROM", '"Office, Open day" <a@example.org>', '"Office, Open day" <a@example.org>'),
        ("MAIL_FROM", "Dr. Open Tür <tür@straße.example>", "Dr. Open Tür <tür@straße.example>"),
        ("ADMIN_EMAIL", "a@example.org", "a@example.org"),
        ("LOG_FORMAT", "console", "console"),
        ("WEB_CONCURRENCY", "4", 4),
        ("PORT", " 8080 ", 8080),
        ("MAX_BODY_BYTES", "20480", 20_480),
    ],
)
def test_each_setting_is_read(name: str, value: str, read_as: Any) -> None:
    assert getattr(read(**{name: value}), name.lower()) == read_as


MONGODB_URIS = [
    *(value for name, value in BAD if name == "MONGODB_URI" and "://" in value),
    "mongodb://one:27017,two:27018/booking?replicaSet=rs0&w=majority",
    "mongodb://user:p%40ss%2F%25@host/?tls=true",
    "mongodb://user:p#ss@host/?replicaSet=",
    "mongodb://subject@host/?authMechanism=MONGODB-X509",
    "mongodb://[::1]:27017/?w=1;j=true",
    "mongodb://%2Ftmp%2Fmongodb-27017.sock",
    "mongodb+srv://user:word@db.example.org/?retryWrites=true",
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("value", MONGODB_URIS)
def test_the_address_of_a_database_is_taken_when_the_driver_takes_it(value: str) -> None:
    try:
        MongoClient[dict[str, Any]](value, connect=False).close()
    except (ConfigurationError, ValueError):
        assert [problem.split()[0] for problem in problems(MONGODB_URI=value)] == ["MONGODB_URI"]
    else:
        assert read(MONGODB_URI=value).mongodb_uri == value


def test_the_public_address_follows_the_port() -> None:
    assert read(PORT="9000").public_url == "http://127.0.0.1:9000"


def test_a_schedule_file_may_be_anywhere(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("")

    assert read(SCHEDULE_FILE=str(file)).schedule_file == file


@pytest.mark.parametrize("mailer", [{"RESEND_API_KEY": "re_123"}, {"SMTP_URL": "smtp://u:p@mail.example.org:587"}])
def test_settings_for_sending_emails_need_sender_and_admin(mailer: dict[str, str]) -> None:
    assert problems(**mailer) == ["MAIL_FROM is not set.", "ADMIN_EMAIL is not set."]
    assert read(**mailer, MAIL_FROM="a@example.org", ADMIN_EMAIL="b@example.org").mail_from == "a@example.org"


def test_two_ways_to_send_are_one_too_many() -> None:
    found = problems(
        RESEND_API_KEY="re_1",
        SMTP_URL="smtp://mail.example.org",
        MAIL_FROM="a@example.org",
        ADMIN_EMAIL="b@example.org",
    )

    assert len(found) == 1
    assert "RESEND_API_KEY" in found[0]
    assert "SMTP_URL" in found[0]


SECRETS = {
    "MONGODB_URI": "mongodb://user:hunter2secret@db",
    "ADMIN_KEY": "hunter2secret-admin",
    "SECRET_KEY": "hunter2secret-links",
    "RATE_LIMIT_STORAGE": "mongodb://u:hunter2secret@cache",
    "SMTP_URL": "smtp://user:hunter2secret@mail.example.org",
    "MAIL_FROM": "a@example.org",
    "ADMIN_EMAIL": "b@example.org",
}


def test_no_secret_is_in_the_repr() -> None:
    settings = from_env(SECRETS)
    resend = from_env({**SECRETS, "SMTP_URL": "", "RESEND_API_KEY": "hunter2secret"})

    assert settings.secret_key == ("hunter2secret-links",)
    assert "hunter2secret" not in repr(settings)
    assert "hunter2secret" not in repr(resend)
    assert "booking" in repr(settings)


def test_no_bad_value_is_quoted_in_its_problem() -> None:
    with pytest.raises(ConfigError) as refused:
        from_env(
            {name: f"hunter2 {value}" for name, value in SECRETS.items()}
            | {"SECRET_KEY": "hunter2", "ADMIN_KEY": "hunter2"}
        )

    assert len(refused.value.problems) >= 5
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URI", "mongodb://user:hunter2@more@host/"),
        ("MONGODB_URI", "mongodb://user:hunter2/more@host/"),
        ("MONGODB_URI", "mongodb://user:hunter2%@host/"),
        ("RATE_LIMIT_STORAGE", "mongodb://user:hunter2@host:abc/"),
        ("SMTP_URL", "smtp://user:hunter2/more@host"),
        ("SMTP_URL", "smtp://user:hunter2[more@host"),
        ("SMTP_URL", "smtp://user:hunter2\u2100more@host"),
        ("RESEND_API_URL", "https://user:hunter2/more@host"),
    ],
)
def test_no_address_that_cannot_be_read_is_quoted(name: str, value: str) -> None:
    (problem,) = problems(**{"MAIL_FROM": "a@example.org", "ADMIN_EMAIL": "b@example.org", name: value})

    assert problem.startswith(f"{name} must ")
    assert "hunter2" not in problem


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().port = 1  # type: ignore[misc]


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("PORT=1234\nMAIL_RATE=7\nADMIN_KEY\n")
    monkeypatch.setenv("PORT", "4321")
    monkeypatch.delenv("MAIL_RATE", raising=False)

    values = load_environment(dotenv)

    assert (values["PORT"], values["MAIL_RATE"]) == ("4321", "7")
    assert load_environment(tmp_path / "nothing")["PORT"] == "4321"


def test_every_setting_has_a_sentence_in_the_example() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {
        line.partition("=")[0].lower(): above for above, line in pairwise(lines) if not line.startswith("#") and line
    }

    fields = {setting.name for setting in dataclasses.fields(Settings)} - {"oidc_providers"}
    grouped = ("oidc_google_", "stripe_", "payment_rate")
    assert {name for name in named if not name.startswith(grouped)} == fields
    assert all(sentence.startswith("# ") and sentence.endswith(".") for sentence in named.values())
