"""What compose.yaml gives the service, read as text: no settings of .env are lost on the way."""

from __future__ import annotations

import dataclasses
import re

from core.config.settings import ROOT, Settings

SETTINGS = {setting.name.upper() for setting in dataclasses.fields(Settings)}
# What compose.yaml knows better than .env: where its own containers are, and on what they listen.
COMPOSED = {"MONGODB_URI", "SMTP_URL", "HOST", "PORT"}


def block(text: str, name: str, indent: int) -> str:
    """Return what stands under the key `name`, which is indented so far."""
    found = re.search(rf"^ {{{indent}}}{name}:\n((?: {{{indent + 1},}}.*\n)+)", text, re.MULTILINE)
    assert found, f"nothing under {name}"
    return found[1]


SERVICE = block((ROOT / "compose.yaml").read_text(), "booking", 2)
GIVEN = dict(re.findall(r"^ {6}([A-Z_]+): (.*)$", block(SERVICE, "environment", 4), re.MULTILINE))


def test_every_setting_in_the_dotenv_file_reaches_the_service() -> None:
    through_the_file = block(SERVICE, "env_file", 4) == "      - path: .env\n        required: false\n"
    # A name under `environment` hides the file's value, unless it is filled from there.
    reach = {name for name in SETTINGS if (through_the_file if name not in GIVEN else f"${{{name}:" in GIVEN[name])}

    assert reach == SETTINGS - COMPOSED


def test_what_compose_sets_itself_wins_over_the_file() -> None:
    assert {name for name in GIVEN if "$" not in GIVEN[name]} == COMPOSED


def test_an_empty_line_in_the_file_takes_nothing_from_the_image() -> None:
    image = (ROOT / "Dockerfile").read_text()
    set_there = {
        name for line in re.findall(r"^ENV (.*)$", image, re.MULTILINE) for name in re.findall(r"(\w+)=", line)
    }

    assert set_there & SETTINGS == {"HOST"}
    assert GIVEN["HOST"] == "0.0.0.0"
