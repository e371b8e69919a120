"""Schema variants: the schemas of request bodies that an application replaces by others of the same result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Flask, current_app

EXTENSION = "schema_variants"
Variants = Mapping[type[ma.Schema], type[ma.Schema]]


def install(app: Flask, variants: Variants) -> None:
    """Let `app` parse with the values of `variants` what endpoints declare with their keys."""
    changed = {declared: variant for declared, variant in variants.items() if variant is not declared}
    app.extensions[EXTENSION] = {declared: variant() for declared, variant in changed.items()}


def instances(app: Flask) -> Mapping[type[ma.Schema], ma.Schema]:
    """Return the variants of `app` by the declared schema."""
    found: Mapping[type[ma.Schema], ma.Schema] = app.extensions.get(EXTENSION, {})
    return found


def instance_of(declared: ma.Schema) -> Any:
    """Return the schema that the current application uses for `declared`."""
    return instances(current_app).get(type(declared), declared)
