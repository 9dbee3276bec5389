"""What both detectors are: a network that ships, the anchors of its answers, and the least score that counts."""

from dahyf_core.detection.anchors import logit
from dahyf_core.detection.letterbox import anchor_centers
from dahyf_core.runtime import create_session
from dahyf_core.shipped import asset


class AnchoredNetwork:
    """A network that says for each anchor of a letterboxed picture how likely a hand is there."""

    def __init__(self, name: str, min_score: float, threads: int) -> None:
        """name: of the asset. min_score: in (0, 1). threads: CPU threads, 0 for one per core.

        Raises ModelFileError when the network cannot be loaded.
        """
        self._session = create_session(asset(name), threads)
        self._anchors = anchor_centers()
        self._min_logit = logit(min_score)

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self._session.provider
