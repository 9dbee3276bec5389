"""Fixtures for all tests: the optional folder of real footage and photographs."""

import os
from pathlib import Path

import pytest

from dahyf_core.pose.shipped import LITE

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real hands, clips and backgrounds; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("DAHYF_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "clips").is_dir():
        pytest.skip(f"no test footage at {folder}; set DAHYF_TEST_DATA to a folder that has it")
    return folder


@pytest.fixture(scope="session")
def shipped_network() -> Path:
    """The trained network's file; tests that need it skip where it is absent."""
    if not LITE.is_file():
        pytest.skip(f"the trained network {LITE} is missing")
    return LITE
