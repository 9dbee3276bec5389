"""What the site has besides the pages in docs/: pages of the repository's root, and files that pages link to."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
HOME = "README.md"
PAGES = {
    HOME: "index.md",
    **{f"{name}.md": f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "ARCHITECTURE", "SECURITY")},
}
"""Pages of the root, and their names on the site."""
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")
SHIM = "https://unpkg.com/iframe-worker/shim"
OWN_SHIM = "site/file_worker.js"
"""The theme's script for searching pages opened from the disk comes from the network; this one is our own."""
SOURCES = "source"
"""Folder of the site with the repository's other files that pages link to, as plain text."""


def on_files(files: Files, config: Any) -> Files:
    """Add the root's pages, with links as on the site, and the files that any page links to outside docs/."""
    linked: set[str] = set()
    for page in files.documentation_pages():
        linked |= {target for target in _targets(page.content_string) if target.startswith("..")}
    for name, shown in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        linked |= {f"../{target}" for target in _targets(text) if not target.startswith("docs/")}
        files.append(File.generated(config, shown, content=LINK.sub(_from_root, text)))
    for name in sorted({posixpath.normpath(target)[3:] for target in linked} - set(PAGES)):
        if (ROOT / name).is_file():
            files.append(File.generated(config, _stored(name), content=(ROOT / name).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of pages in docs/ to files outside it."""
    return LINK.sub(_from_docs, markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """The script of a page for searching from the disk."""
    return output.replace(SHIM, posixpath.relpath(OWN_SHIM, posixpath.dirname(page.url) or "."))


def on_post_template(output_content: str, **_: Any) -> str:
    """The same on the page for addresses that do not exist."""
    return output_content.replace(SHIM, OWN_SHIM)


def _targets(text: str) -> Iterator[str]:
    return (found[1] for found in LINK.finditer(text))


def _stored(name: str) -> str:
    """Place of a file of the repository on the site: as text, so that a browser shows it."""
    return f"{SOURCES}/{name}.txt"


def _from_root(link: re.Match[str]) -> str:
    name, anchor = posixpath.normpath(link[1]), link[2] or ""
    if name.startswith("docs/"):
        return f"]({name.removeprefix('docs/')}{anchor})"
    return f"]({PAGES.get(name, _stored(name))}{anchor})"


def _from_docs(link: re.Match[str]) -> str:
    name, anchor = posixpath.normpath(link[1]), link[2] or ""
    if not name.startswith("../"):
        return link[0]
    return f"]({PAGES.get(name[3:], _stored(name[3:]))}{anchor})"
