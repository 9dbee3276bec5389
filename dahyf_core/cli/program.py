"""Handling of wrong usage and of closed standard streams, for all commands."""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from dahyf_core.cli.reporters import create_reporter
from dahyf_core.cli.streams import guarded
from dahyf_core.errors import OutputError

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""UsageError of the Click that Typer uses, which may be Typer's own copy."""


class Program(TyperGroup):
    """The group of all commands. It ends with an exit code and never with a traceback."""

    def main(self, args: Sequence[str] | None = None, *_: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command. Wrong usage is reported in a sentence, or as a JSON object with --json."""
        arguments = sys.argv[1:] if args is None else list(args)
        extra |= {"args": arguments, "standalone_mode": False}
        if not standalone_mode:
            return super().main(**extra)
        with guarded():
            try:
                code = super().main(**extra) or 0
                sys.stdout.flush()
            except UsageError as error:
                code = _refuse(error, "--json" in arguments) if arguments else error.exit_code  # after the help
            except OutputError as error:  # standard output is gone
                create_reporter(as_json=False).error(error.reason, error.remedy, error.exit_code)
                code = error.exit_code
            sys.exit(code)


def _refuse(error: Any, as_json: bool) -> int:
    """Print the correct usage and what was wrong with it. Returns the exit code."""
    if error.ctx is not None and not as_json:
        print(error.ctx.get_usage(), file=sys.stderr)
    command = error.ctx.command_path if error.ctx is not None else "dahyf"
    reason = error.format_message().rstrip(".") + "."
    create_reporter(as_json).error(reason, f"Run `{command} --help` to see its options.", error.exit_code)
    return int(error.exit_code)
