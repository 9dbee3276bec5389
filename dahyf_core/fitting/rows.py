"""Dataclasses whose arrays have one row for each hand."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Rows:
    """Base of frozen dataclasses all of whose fields are arrays with the same first axis."""

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The rows of at least one part, in order."""
        return cls(*map(np.concatenate, zip(*(part._arrays() for part in parts), strict=True)))

    def __len__(self) -> int:
        return len(self._arrays()[0])

    def __getitem__(self, index: Any) -> Self:
        return type(self)(*(array[index] for array in self._arrays()))

    def replaced(self, index: NDArray[np.integer] | NDArray[np.bool_], other: Self) -> Self:
        """A copy in which the rows of `other` stand at `index`."""
        copies = [array.copy() for array in self._arrays()]
        for copy, new in zip(copies, other._arrays(), strict=True):
            copy[index] = new
        return type(self)(*copies)

    def _arrays(self) -> list[NDArray[Any]]:
        return [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
