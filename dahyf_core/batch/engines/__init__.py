"""Where the tasks of clips run: in processes of this machine, or on what already spreads work over many."""

from dahyf_core.batch.engines.engine import ENGINES, Engine, Resources, create_engine

__all__ = ["ENGINES", "Engine", "Resources", "create_engine"]
