"""DaHyF Hands, the core: footage in, hand poses out. It never imports bpy, and its capture path never imports torch."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "predict"]


def __getattr__(name: str) -> Any:
    """`predict`, imported when it is first asked for: `import dahyf_core` stays light."""
    if name == "predict":
        from dahyf_core.stills import predict

        return predict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
