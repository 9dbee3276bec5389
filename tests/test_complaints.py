"""docs/complaints.md names a test for every promise; each of them must be there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8").splitlines()
COMPLAINTS = [row for row in ROWS if row.startswith("|")][2:]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", COMPLAINTS)
def test_every_answer_is_held_by_tests_that_exist(row: str):
    named = re.findall(r"`([a-z_]+/test_\w+\.py)::(test_\w+)`", row)
    assert named
    assert [name for file, name in named if name not in names_in(file)] == []


def test_none_of_the_twelve_is_left_out():
    assert len(COMPLAINTS) == 12
