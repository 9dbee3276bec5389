"""What `pip install dahyf-hands` installs may be shipped with a program under GPL-3.0-or-later."""

import re
from importlib.metadata import Distribution, distribution

import pytest

requirements = pytest.importorskip("packaging.requirements", reason="reading requirements needs packaging")

COMPATIBLE = frozenset(
    (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "GPL-3.0-or-later", "ISC", "MIT", "MPL-2.0"),
        *("PSF-2.0", "Zlib", "3-Clause BSD License", "Apache Software License", "BSD License", "ISC License (ISCL)"),
        *("MIT License", "Mozilla Public License 2.0 (MPL 2.0)", "Python Software Foundation License"),
    )
)
"""Licences whose code may be part of a program under GPL-3.0-or-later, by SPDX or as metadata names them."""
OTHERS = ("", "GPL-2.0-only", "CC-BY-NC-4.0", "Proprietary, limited use", "AGPL-3.0-only", "BSD-4-Clause")


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


def licences(found: Distribution) -> list[str]:
    """The licences that a distribution states: in an expression, or else in classifiers, or else in a line of text."""
    if expression := found.metadata.get("License-Expression"):
        return re.split(" AND ", expression)
    classifiers = [line for line in found.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    return [line.split(" :: ")[-1] for line in classifiers] or [(found.metadata.get("License") or "").split("\n")[0]]


def is_compatible(licence: str) -> bool:
    """Whether a licence, or one of its alternatives, lets the code be part of the program."""
    return any(alternative in COMPATIBLE for alternative in licence.split(" OR "))


def test_every_requirement_states_a_licence_that_may_ship_with_ours():
    packages = installed("dahyf-hands")
    assert {"numpy", "onnxruntime", "opencv-python-headless"} <= packages.keys()
    stated = {name: licences(found) for name, found in packages.items()}
    assert {name: all_of for name, all_of in stated.items() if not all(map(is_compatible, all_of))} == {}


@pytest.mark.parametrize("licence", [*OTHERS, "MIT with Commons Clause"])
def test_other_licences_are_refused(licence):
    assert not is_compatible(licence)
