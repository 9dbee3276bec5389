"""Hands live: one frame in, poses out, smoothed without looking ahead."""

from dahyf_core.streaming.one_euro import OneEuro
from dahyf_core.streaming.stream import LiveHand, Stream

__all__ = ["LiveHand", "OneEuro", "Stream"]
