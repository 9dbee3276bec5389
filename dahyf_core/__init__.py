"""DaHyF Hands, the core: footage in, hand poses out. It never imports bpy, and its capture path never imports torch."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["Stream", "__version__", "predict"]


def __getattr__(name: str) -> Any:
    """`predict` and `Stream`, imported when they are first asked for: `import dahyf_core` stays light."""
    if name == "predict":
        from dahyf_core.stills import predict

        return predict
    if name == "Stream":
        from dahyf_core.streaming import Stream

        return Stream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
