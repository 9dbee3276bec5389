"""What `pip install dahyf-hands` installs may be shipped with a program under GPL-3.0-or-later."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

import pytest

requirements = pytest.importorskip("packaging.requirements", reason="reading requirements needs packaging")

COMPATIBLE = re.compile(
    r"\b(0BSD|Apache[- ](Software License|2\.0|License,? (Version )?2\.0)|BSD|CC0|ISC|MIT|Zlib|PSF-2\.0|MPL-2\.0"
    r"|Python Software Foundation|Mozilla Public License 2\.0|GPL-3\.0-or-later)\b",
    re.IGNORECASE,
)
"""Licences whose code may be part of a program under GPL-3.0-or-later."""


def installed(
    name: str, extras: frozenset[str] = frozenset(), known: frozenset[str] = frozenset()
) -> dict[str, Distribution]:
    """A distribution and all that it requires here, by name."""
    found = distribution(name)
    result = {name: found}
    for text in found.requires or ():
        needed = requirements.Requirement(text)
        here = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras | {""})
        if here and needed.name not in known | result.keys():
            result |= installed(needed.name, frozenset(needed.extras), known | result.keys())
    return result


def licences(found: Distribution) -> Iterator[str]:
    """The licence that a distribution states: an expression, or else classifiers, or else a text."""
    if expression := found.metadata.get("License-Expression"):
        yield from re.split(r" AND ", expression)
        return
    classifiers = [line for line in found.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    yield from (line.split(" :: ")[-1] for line in classifiers)
    if not classifiers:
        yield (found.metadata.get("License") or "").split("\n")[0]


def test_every_requirement_states_a_licence_that_may_ship_with_ours():
    packages = installed("dahyf-hands")
    assert {"numpy", "onnxruntime", "opencv-python-headless"} <= packages.keys()
    stated = {name: list(licences(found)) for name, found in packages.items()}
    refused = {name: all_of for name, all_of in stated.items() if not all_of or not all(map(COMPATIBLE.search, all_of))}
    assert refused == {}


@pytest.mark.parametrize("licence", ["", "GPL-2.0-only", "CC-BY-NC-4.0", "Proprietary, limited use", "AGPL-3.0-only"])
def test_other_licences_are_refused(licence):
    assert not COMPATIBLE.search(licence)
