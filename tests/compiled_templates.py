"""Templates compiled once for all applications and services of a run: those of one page take 300 ms of a core."""

from __future__ import annotations

import hashlib
import marshal
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Environment

COMPILE: Callable[..., Any] = Environment.compile


@dataclass(frozen=True)
class CompiledTemplates:
    """Keeps the code of each template by all that its compilation reads; in a folder too, if processes share it."""

    folder: Path | None = None
    made: dict[str, CodeType] = field(default_factory=dict)

    def compile(self, environment: Environment, source: Any, name: str | None, filename: str | None) -> CodeType:
        """Return the code of a template, compiled now or before."""
        key = _key(environment, source, name, filename)
        if key not in self.made:
            self.made[key] = self._read(key) or self._write(key, COMPILE(environment, source, name, filename))
        return self.made[key]

    def _read(self, key: str) -> CodeType | None:
        if self.folder is None:
            return None
        try:
            code: CodeType = marshal.loads((self.folder / key).read_bytes())
        except FileNotFoundError:
            return None
        return code

    def _write(self, key: str, code: CodeType) -> CodeType:
        if self.folder is not None:
            unfinished = self.folder / f"{key}.{os.getpid()}"
            unfinished.write_bytes(marshal.dumps(code))
            unfinished.rename(self.folder / key)
        return code


def _key(environment: Environment, source: str, name: str | None, filename: str | None) -> str:
    """Return a digest of the template and of what the compiler asks its environment, the language of e-mails included.

    Filters of constants are computed by the compiler. In e-mails they depend on the language, in pages on nothing.
    """
    read = (
        *(source, name, filename, _escapes(environment, name)),
        *(environment.trim_blocks, environment.lstrip_blocks, environment.is_async, environment.sandboxed),
        *(environment.globals.get("lang"), getattr(environment, "newstyle_gettext", None)),
        *(sorted(environment.extensions), sorted(environment.filters), sorted(environment.tests)),
    )
    return hashlib.sha256(repr(read).encode("utf-8", "surrogatepass")).hexdigest()


def _escapes(environment: Environment, name: str | None) -> bool:
    if callable(environment.autoescape):
        return environment.autoescape(name)
    return environment.autoescape


def install(folder: Path | None = None) -> None:
    """Let every template of this process be compiled once."""
    compiled = CompiledTemplates(folder)

    def compile_once(
        self: Environment, source: Any, name: str | None = None, filename: str | None = None, *rest: Any, **more: Any
    ) -> Any:
        if rest or more or not isinstance(source, str):
            return COMPILE(self, source, name, filename, *rest, **more)
        return compiled.compile(self, source, name, filename)

    Environment.compile = compile_once  # type: ignore[method-assign]
