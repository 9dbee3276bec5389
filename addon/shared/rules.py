"""Rules for JSON of unknown origin. Each rule checks a value and can be written as a JSON Schema."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .limits import TEXT_LENGTH
from .strict_json import is_number

Schema = dict[str, Any]


class Rule(Protocol):
    """A rule for a value."""

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError unless the value follows the rule. The message calls the value `name`."""

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""


@dataclass(frozen=True)
class Text:
    """A text with limits on its number of characters."""

    shortest: int = 0
    longest: int = TEXT_LENGTH

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not isinstance(value, str) or not self.shortest <= len(value) <= self.longest:
            raise ValueError(f"{name} is no text of {self.shortest} to {self.longest} characters")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        shortest = {"minLength": self.shortest} if self.shortest else {}
        return {"type": "string", **shortest, "maxLength": self.longest}


@dataclass(frozen=True)
class Number:
    """A number from lowest to highest, both included. whole: without a fraction. unit: name of the unit, for people."""

    lowest: float = -math.inf
    highest: float = math.inf
    whole: bool = False
    unit: str = ""

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        kind = "whole number" if self.whole else "number"
        if not is_number(value) or (self.whole and not isinstance(value, int)):
            raise ValueError(f"{name} is no {kind}")
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"{name} is {value:.6g}, not a {kind} from {self.lowest:.6g} to {self.highest:.6g}")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        bounds = {"minimum": self.lowest, "maximum": self.highest}
        return {
            "type": "integer" if self.whole else "number",
            **{name: bound for name, bound in bounds.items() if math.isfinite(bound)},
            **({"description": f"{self.unit.capitalize()}."} if self.unit else {}),
        }


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not isinstance(value, bool):
            raise ValueError(f"{name} is neither true nor false")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice:
    """One of several texts or numbers."""

    values: tuple[str | int, ...]

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not any(type(value) is type(each) and value == each for each in self.values):
            raise ValueError(f"{name} is none of {', '.join(map(str, self.values))}")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        return {"enum": sorted(self.values)}


@dataclass(frozen=True)
class Items:
    """A list of values of one kind, of a fixed length if fewest and most are the same."""

    rule: Rule
    fewest: int
    most: int

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not isinstance(value, list) or not self.fewest <= len(value) <= self.most:
            raise ValueError(f"{name} is no list of {self.fewest} to {self.most} values")
        for each in value:
            self.rule.check(each, f"a value of {name}")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        fewest = {"minItems": self.fewest} if self.fewest else {}
        return {"type": "array", "items": self.rule.schema(), **fewest, "maxItems": self.most}


@dataclass(frozen=True)
class Table:
    """An object with these fields. Other fields are ignored. optional: fields that may be left out."""

    fields: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not isinstance(value, dict):
            raise ValueError(f"{name} is no table")
        for key, rule in {**self.fields, **self.optional}.items():
            if key in value:
                rule.check(value[key], f"{key} of {name}")
            elif key in self.fields:
                raise ValueError(f"{name} has no {key}")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        properties = {key: rule.schema() for key, rule in {**self.fields, **self.optional}.items()}
        required = {"required": list(self.fields)} if self.fields else {}
        return {"type": "object", **({"properties": properties} if properties else {}), **required}


@dataclass(frozen=True)
class Maybe:
    """A value of one kind, or null."""

    rule: Rule

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if value is not None:
            self.rule.check(value, name)

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        return {"anyOf": [self.rule.schema(), {"type": "null"}]}


@dataclass(frozen=True)
class Keyed:
    """An object whose keys are some of these, and whose values are all of one kind."""

    keys: tuple[str, ...]
    rule: Rule

    def check(self, value: Any, name: str) -> None:
        """Raise ValueError for anything else."""
        if not isinstance(value, dict):
            raise ValueError(f"{name} is no table")
        for key, each in value.items():
            if key not in self.keys:
                raise ValueError(f"{name} cannot have {key[:40]!r}")
            self.rule.check(each, f"{key} of {name}")

    def schema(self) -> Schema:
        """The same rule as a JSON Schema."""
        names, values = {"enum": list(self.keys)}, self.rule.schema()
        return {"type": "object", "propertyNames": names, "additionalProperties": values}
