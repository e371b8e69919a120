"""Templates that are compiled once differ where their text or what the compiler asks differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, TemplateSyntaxError

from core.i18n import LANGUAGES
from notifications.render import environment
from tests.compiled_templates import COMPILE, CompiledTemplates

NAME = "greeting.html"
TEXT = "{{ name }} on {{ '2026-03-05'|day }}{% if name %}!{% endif %}\n"


def rendered(compiled: CompiledTemplates, templates: Environment, text: str = TEXT) -> str:
    """Render `text` with the code that `compiled` has for it."""
    code = compiled.compile(templates, text, NAME, None)
    return templates.template_class.from_code(templates, code, templates.globals).render(name="<Ada>")


def test_same_template_is_compiled_once_for_two_environments() -> None:
    compiled = CompiledTemplates()

    assert rendered(compiled, environment()) == rendered(compiled, environment())
    assert len(compiled.made) == 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_constants_are_formatted_in_the_language_of_the_environment(code: str) -> None:
    compiled = CompiledTemplates()
    for language in LANGUAGES.values():
        rendered(compiled, environment(language))
    alone = environment(LANGUAGES[code])
    expected = alone.template_class.from_code(alone, COMPILE(alone, TEXT, NAME, None), alone.globals)

    assert rendered(compiled, environment(LANGUAGES[code])) == expected.render(name="<Ada>")


def test_changed_text_is_compiled_again() -> None:
    compiled = CompiledTemplates()
    rendered(compiled, environment())

    assert rendered(compiled, environment(), "Hello {{ name }}") == "Hello &lt;Ada&gt;"


def test_escaping_of_the_environment_is_kept() -> None:
    compiled = CompiledTemplates()
    assert rendered(compiled, Environment(autoescape=True), "{{ name }}") == "&lt;Ada&gt;"

    assert rendered(compiled, Environment(autoescape=False), "{{ name }}") == "<Ada>"


def test_environment_without_a_filter_refuses_the_template() -> None:
    compiled = CompiledTemplates()
    rendered(compiled, environment(), "{{ name|day }}")

    with pytest.raises(TemplateSyntaxError):
        rendered(compiled, Environment(autoescape=True), "{{ name|day }}")


def test_folder_gives_the_code_to_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered(CompiledTemplates(tmp_path), environment())
    monkeypatch.setattr("tests.compiled_templates.COMPILE", None)

    assert rendered(CompiledTemplates(tmp_path), environment()) == first


def test_templates_of_this_process_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = DictLoader({NAME: TEXT})
    first = environment()
    first.loader = loader
    first.get_template(NAME)
    monkeypatch.setattr("tests.compiled_templates.COMPILE", None)
    second = environment()
    second.loader = loader

    assert second.get_template(NAME).render(name="Ada")
