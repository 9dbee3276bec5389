"""The command line called in this process, and what it said."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from dahyf_core.cli.app import app

Message = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One finished call. messages: its JSON lines. stderr: must be empty of tracebacks."""

    exit_code: int
    messages: list[Message]
    stderr: str

    def of_type(self, kind: str) -> list[Message]:
        """The messages of one type, in order."""
        return [message for message in self.messages if message["type"] == kind]

    @property
    def error(self) -> Message:
        """The one error."""
        (error,) = self.of_type("error")
        return error

    @property
    def done(self) -> Message:
        """The one message about the result."""
        (done,) = self.of_type("done")
        return done


def run(*arguments: object) -> Run:
    """Call `dahyf ARGUMENTS --json`."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    return Run(result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr)


def say(*arguments: object) -> tuple[int, str, str]:
    """Call `dahyf ARGUMENTS` as a log sees it: exit code, standard output, standard error."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr
