"""The documentation as a site: every link and anchor leads somewhere, and no page loads anything from the network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="the site needs the [docs] extra")

ROOT = Path(__file__).parents[1]
LOADED = re.compile(r"""<(?:script|img|iframe)[^>]*\ssrc="([^"]*)"|<link[^>]*rel="stylesheet"[^>]*href="([^"]*)\"""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", ROOT / "mkdocs.yml", "--site-dir", folder]
    built = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    assert built.returncode == 0, built.stderr  # strict: a link or an anchor that leads nowhere stops it
    return folder


def test_pages_load_only_files_of_the_site(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        loaded = [address for found in LOADED.findall(page.read_text(encoding="utf-8")) for address in found if address]
        assert loaded
        for address in loaded:
            inside = site if page.name == "404.html" else page.parent
            assert (inside / address.lstrip("/").split("?")[0]).is_file(), f"{page.name} loads {address}"


def test_the_search_knows_every_page(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    for page in site.glob("*.html"):
        assert page.name == "404.html" or f'"{page.name}"' in index


def test_files_of_the_repository_that_pages_link_to_are_there_as_text(site: Path) -> None:
    assert (site / "source" / "NOTICE.txt").read_bytes() == (ROOT / "NOTICE").read_bytes()
    assert "source/NOTICE.txt" in (site / "model-card.html").read_text(encoding="utf-8")
