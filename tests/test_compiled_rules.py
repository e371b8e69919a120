"""Applications that share compiled URL rules route and build addresses as applications that compile their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

from tests.compiled_rules import COMPILE

Make = Callable[..., Flask]
COMPILED = ("rule", "endpoint", "methods", "arguments", "defaults", "_parts", "_trace")


def described(app: Flask) -> list[tuple[Any, ...]]:
    """Return what each rule of an application matches, and the addresses that it builds."""
    found = []
    for rule in app.url_map.iter_rules():
        values: dict[str, Any] = {name: _value(converter) for name, converter in rule._converters.items()}
        converters = {name: (type(of), of.regex) for name, of in rule._converters.items()}
        built = (rule.build(values), rule.build({**values, "more": "a b"}))
        found.append((*(getattr(rule, name) for name in COMPILED), converters, *built))
    return found


def _value(converter: Any) -> Any:
    if hasattr(converter, "num_convert"):
        return converter.num_convert("7")
    return "seven"


def test_rules_of_a_second_application_equal_those_compiled_alone(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_app()
    shared = described(make_app())
    monkeypatch.setattr(Rule, "compile", COMPILE)

    assert described(make_app()) == shared


@pytest.mark.parametrize("other", ["/a/<int:id>", "/a/<id>/", "/b/<id>", "/a/<string(length=2):id>"])
def test_different_rules_are_compiled_differently(other: str) -> None:
    first = Map([Rule("/a/<id>", endpoint="first")])
    second = Map([Rule(other, endpoint="second")])

    assert [rule._parts for rule in first.iter_rules()] != [rule._parts for rule in second.iter_rules()]


def test_equal_rules_with_different_defaults_build_different_addresses() -> None:
    built = []
    for default in ("one", "two"):
        rules = Map([Rule("/a/<id>", endpoint="page", defaults={"id": default})])
        built.append(rules.bind("localhost").build("page", {"id": default}))

    assert built == ["/a/one", "/a/two"]
