"""Frozen dataclasses of tensors, mapped and joined as one."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

Value = TypeVar("Value")


def map_tensors(function: Callable[[Tensor], Tensor], value: Value) -> Value:
    """The same dataclass, tuple or tensor, with the function applied to every tensor in it."""
    return _combine(lambda tensors: function(tensors[0]), [value])


def concatenate(values: Sequence[Value]) -> Value:
    """One dataclass, tuple or tensor, of many along their first axis."""
    return _combine(lambda tensors: torch.cat(list(tensors)), values)


def _combine(function: Callable[[Sequence[Tensor]], Tensor], values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, Tensor):
        return function(values)
    if isinstance(first, tuple):
        return tuple(_combine(function, column) for column in zip(*values, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in fields(first)]
        return type(first)(**{name: _combine(function, [getattr(value, name) for value in values]) for name in names})
    raise TypeError(f"{type(first).__name__} holds no tensors")
