"""Writes the JSON Schemas in docs/schemas that say what the code checks; those of what is only written are by hand.

Usage: PYTHONPATH=. .env/core/bin/python docs/tools/write_schemas.py
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from dahyf_core.batch.manifest import JsonManifest, Row
from dahyf_core.batch.tasks import AnyTask
from dahyf_core.capture.job import JobSpec
from dahyf_core.capture.meta import CaptureMeta
from dahyf_core.shared import presets
from dahyf_core.stills.boxes import BoxEntry

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def written() -> dict[str, dict[str, Any]]:
    """Each schema by the name of its file."""
    _, meta = msgspec.json.schema_components([CaptureMeta], ref_template="#/$defs/{name}")
    exported = json.loads((SCHEMAS / "exported_capture.schema.json").read_text("utf-8"))
    (job,), parts = msgspec.json.schema_components([JobSpec], ref_template="#/$defs/{name}")
    (task,), stages = msgspec.json.schema_components([AnyTask], ref_template="#/$defs/{name}")
    stages["CaptureTask"]["properties"]["job"] = job
    (batch, _), rows = msgspec.json.schema_components([JsonManifest, Row], ref_template="#/$defs/{name}")
    rows["JsonManifest"]["properties"]["clips"]["items"] = {"$ref": "#/$defs/Row"}
    rows["Row"]["properties"]["lens"] = {"anyOf": [rows["Row"]["properties"]["lens"], {"type": "number"}]}
    return {
        "batch": titled(
            "A manifest for dahyf batch", {"anyOf": [batch, {"type": "array", "items": {"$ref": "#/$defs/Row"}}]}
        )
        | {"$defs": rows},
        "task": titled("A task for dahyf task", task | {"$defs": stages | parts}),
        "capture_job": titled("A job for dahyf capture --job", job | {"$defs": parts}),
        "boxes": titled("Boxes for dahyf predict --boxes", msgspec.json.schema(list[BoxEntry])),
        "exported_capture": exported | {"$defs": meta},
        "settings_preset_capture": titled("A preset of the settings of Capture", presets.CAPTURE.schema()),
        "settings_preset_clean": titled("A preset of the settings of Clean", presets.CLEAN.schema()),
        "retarget_preset": titled(
            "A preset of Retarget: which bone of a rig is which joint", presets.RETARGET.schema()
        ),
    }


def titled(title: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that says what it is of."""
    return {"$schema": DRAFT, "title": title, **schema}


def main() -> None:
    """Write them all."""
    for name, schema in written().items():
        (SCHEMAS / f"{name}.schema.json").write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
