"""URL rules compiled once for all applications of a run: compiling those of one application takes 100 ms of a core."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from werkzeug.routing import Rule

COMPILE = Rule.compile


# What werkzeug makes of a rule, by all that it reads.
_made: dict[Hashable, dict[str, Any]] = {}


def compile_once(rule: Rule) -> None:
    """Compile a rule that is bound to a map, or give it what an equal rule was compiled to."""
    key = _key(rule)
    if key not in _made:
        COMPILE(rule)
        _made[key] = _compiled(rule)
        return
    made = _made[key]
    rule._parts = list(made["_parts"])
    rule._trace = list(made["_trace"])
    rule._converters = dict(made["_converters"])
    rule.arguments = set(made["arguments"])
    rule._build = made["_build"].__get__(rule)
    rule._build_unknown = made["_build_unknown"].__get__(rule)


def _compiled(rule: Rule) -> dict[str, Any]:
    made = {name: getattr(rule, name) for name in ("_parts", "_trace", "_converters", "arguments")}
    builders = {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
    return made | builders


def _key(rule: Rule) -> Hashable:
    """Return all that the compilation reads."""
    assert rule.map is not None
    return (
        *(rule.rule, rule.subdomain, rule.host, rule.merge_slashes, rule.map.host_matching),
        *(repr(rule.defaults), tuple(rule.map.converters.items())),
    )


def install() -> None:
    """Let every rule of this process be compiled once."""
    Rule.compile = compile_once  # type: ignore[method-assign, assignment]
