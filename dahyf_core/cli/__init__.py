"""The `dahyf` command."""

from dahyf_core.cli.app import main

__all__ = ["main"]
