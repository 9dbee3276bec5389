"""Prints the megabytes of an installed package and of all that it needs: python -m benchmarks installed_size PACKAGE"""

import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name


def needed(name, found):
    """Add a package and what it needs, without extras, to those found."""
    key = canonicalize_name(name)
    if key in found:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return
    for text in found[key].requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed(requirement.name, found)


def size(package: Distribution):
    paths = [file.locate() for file in package.files or [] if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.exists())


found = {}
needed(sys.argv[1], found)
print(sum(map(size, found.values())) / 1e6)
