"""Import contracts of pyproject.toml, checked by import-linter, each with a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages that the contracts name."""
    folder = tmp_path_factory.mktemp("product")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in CONTRACTS["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("static", "__pycache__"))
    return folder


def test_product_keeps_every_contract(product: Path) -> None:
    result = lint(product)

    assert result.returncode == 0, result.stdout
    assert f"{len(CONTRACTS['contracts'])} kept, 0 broken" in result.stdout


@pytest.mark.parametrize(
    ("file", "code", "contract"),
    [
        ("core/planted.py", "import booking.model", "Imports point down the layers"),
        ("schedules/planted.py", "from booking import model", "Imports point down the layers"),
        ("pages/planted.py", "from admin import guards", "Imports point down the layers"),
        ("audit/planted.py", "import notifications.render", "Imports point down the layers"),
        ("booking/planted.py", "import wiring", "Features do not import what builds, serves, measures or tests them"),
        ("live/planted.py", "import devdb", "Features do not import what builds, serves, measures or tests them"),
        ("core/mongo/planted.py", "import core.web.etag", "core outside core.web does not import the web"),
        ("core/config/planted.py", "import flask", "core outside core.web does not import the web"),
    ],
)
def test_planted_import_breaks_its_contract(product: Path, file: str, code: str, contract: str) -> None:
    planted = product / file
    planted.write_text(f'"""Planted."""\n\n{code}\n')
    try:
        result = lint(product)
    finally:
        planted.unlink()

    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout


def test_every_module_of_core_outside_the_web_is_under_the_web_contract() -> None:
    modules = {path.stem for path in (ROOT / "core").iterdir() if path.stem not in ("__init__", "web", "__pycache__")}
    (contract,) = (one for one in CONTRACTS["contracts"] if "core.web" in one.get("forbidden_modules", ()))

    assert {f"core.{module}" for module in modules} == set(contract["source_modules"])


def test_every_product_package_is_under_the_layer_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "devdb", "tests"}

    assert packages == set(CONTRACTS["root_packages"])
