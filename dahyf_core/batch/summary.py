"""All clips of a batch on one page, and as JSON for programs."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dahyf_core.batch.batch import Work
from dahyf_core.batch.ledger import read_entry
from dahyf_core.batch.results import Result, failed
from dahyf_core.batch.run import known_result
from dahyf_core.capture import replacing
from dahyf_core.errors import DahyfError
from dahyf_core.report.palette import stylesheet

PAGE = "summary.html"
DATA = "summary.json"
FILE = Path(__file__).with_name("summary.html")
ORDER = {"failed": 0, "unfinished": 1, "kept": 2, "done": 3}
"""States of clips; the page sorts by it."""


def write_summary(works: Sequence[Work], results: Mapping[int, Sequence[Result]], output: Path) -> Path:
    """Write the page and its data into the batch's folder. Returns the page's path. Raises OutputError.

    results: those known by the clips' numbers; others are read from beside the outputs.
    """
    rows = [_row(work, results.get(work.clip.number) or found_results(work), output) for work in works]
    with replacing(output / DATA) as stream:
        stream.write(json.dumps({"version": 1, "clips": rows}, indent=1).encode() + b"\n")
    with replacing(output / PAGE) as stream:
        stream.write(render(rows, output.absolute().name).encode("utf-8", "backslashreplace"))
    return output / PAGE


def found_results(work: Work) -> list[Result]:
    """What lies beside the outputs of a clip about its tasks: what is up to date, and what failed last."""
    found: list[Result] = []
    for task in work.tasks:
        try:
            result = known_result(task)
        except DahyfError as error:
            result = failed(task.stage, task.output, (error.reason, error.remedy, error.exit_code))
        entry = read_entry(task.target)
        if result is None and entry is not None and entry.state == "failed":
            result = entry.result
        if result is not None:
            found.append(result)
    return found


def render(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """The page. Texts come into it as JSON, which the page's one script writes as text, never as markup."""
    template = FILE.read_text("utf-8")
    script = template.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    data = json.dumps({"title": title, "rows": rows}).replace("<", "\\u003c")
    return (
        template.replace("/*palette*/", stylesheet(), 1)
        .replace("SCRIPT-DIGEST", digest, 1)
        .replace("DATA-OF-THE-PAGE", data, 1)
    )


def _row(work: Work, results: Sequence[Result], output: Path) -> dict[str, Any]:
    """One clip as the page and programs read it."""
    bad = next((result for result in results if result.state == "failed"), None)
    facts = next((result.facts for result in reversed(results) if result.facts is not None), None)
    counted = next((result for result in results if result.hands is not None), None)
    if bad is not None:
        state = "failed"
    elif len(results) < len(work.tasks):
        state = "unfinished"
    else:
        state = "kept" if any(result.state == "kept" for result in results) else "done"
    return {
        "number": work.clip.number,
        "name": work.clip.name,
        "clip": str(work.clip.folder / work.clip.row.clip),
        "state": state,
        "stage": bad.stage if bad else "",
        "reason": bad.text if bad else "",
        "remedy": bad.remedy if bad else "",
        "exit_code": bad.exit_code if bad else 0,
        "again": bad.again if bad else False,
        "warnings": sorted({text for result in results for text in result.warnings}),
        "hands": counted.hands if counted else None,
        "frames": counted.frames if counted else None,
        "confidence": facts.confidence if facts else None,
        "lost": facts.lost if facts else None,
        "seen": facts.seen if facts else None,
        "seconds": round(sum(result.seconds for result in results), 2),
        "thumbnail": facts.thumbnail if facts else "",
        "outputs": [
            {"stage": result.stage, "file": _relative(result.output, output)} for result in results if result.is_good
        ],
    }


def _relative(path: str, output: Path) -> str:
    """A link from the page to an output."""
    return quote(os.fsencode(Path(os.path.relpath(path, output.absolute())).as_posix()))
