"""DaHyF Hands, the core: footage in, hand poses out. It never imports bpy, and its capture path never imports torch.

Importing it switches ONNX Runtime's telemetry off, for this process and those that it starts.
"""

import os
import sys
import warnings
from typing import Any

from dahyf_core.shared.limits import PICTURE_PIXELS

__version__ = "0.1.0"
__all__ = ["Stream", "__version__", "predict"]

TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"
"""ONNX Runtime reads it on import. `onnxruntime.disable_telemetry_events()` has no effect after that."""

if "onnxruntime" in sys.modules and os.environ.get(TELEMETRY_SWITCH) != "1":
    warnings.warn(
        f"onnxruntime was imported before dahyf_core and may send telemetry: import dahyf_core first, or set"
        f" {TELEMETRY_SWITCH}=1.",
        stacklevel=2,
    )
os.environ[TELEMETRY_SWITCH] = "1"
# OpenCV reads these on import. Its log of damaged pictures is replaced by sentences of this program.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PICTURE_PIXELS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")


def __getattr__(name: str) -> Any:
    """Import `predict` and `Stream` on first use, so that `import dahyf_core` stays light."""
    if name == "predict":
        from dahyf_core.stills import predict

        return predict
    if name == "Stream":
        from dahyf_core.streaming import Stream

        return Stream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
