"""No option of the command line goes untested."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from dahyf_core.cli.app import app

TESTS = "\n".join(file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("*.py")))


def options(command: typer.core.TyperGroup | typer.core.TyperCommand, name: str) -> Iterator[tuple[str, list[str]]]:
    """The command that each option is of, and all names of the option."""
    for option in command.params:
        if names := [each for each in (*option.opts, *option.secondary_opts) if each.startswith("-")]:
            yield name, names
    for inner, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{name} {inner}")


FOUND = list(options(typer.main.get_command(app), "dahyf"))


def test_options_are_found() -> None:
    assert ("dahyf capture", ["--output", "-o"]) in FOUND
    assert len({name for name, _ in FOUND}) > 10


@pytest.mark.parametrize(("command", "names"), FOUND, ids=lambda each: each if isinstance(each, str) else each[0])
def test_every_option_is_in_a_test(command: str, names: list[str]) -> None:
    """A test gives it in a call: as a string of its own."""
    assert any(f'"{name}"' in TESTS for name in names), f"no test calls {command} with {' or '.join(names)}"
