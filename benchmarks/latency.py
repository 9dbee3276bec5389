"""Prints the latency of `Stream` over a clip's frames as JSON, ms.

Usage: python -m benchmarks latency CLIP MAX_HANDS ESTIMATOR
"""

import json
import sys
import time
from pathlib import Path

import av
import numpy as np

from dahyf_core import Stream
from dahyf_core.hand_model import load_hand_models
from dahyf_core.pose import create_estimator

clip, hands, estimator = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
models = load_hand_models()
taken = []
with av.open(str(clip)) as container:
    video = container.streams.video[0]
    stream = Stream(
        video.width, video.height, max_hands=hands, estimator=create_estimator(estimator, models), hand_models=models
    )
    for number, frame in enumerate(container.decode(video)):
        image = frame.to_ndarray(format="rgb24")
        started = time.perf_counter()
        stream.look(image, number / 25)
        taken.append(1e3 * (time.perf_counter() - started))
print(json.dumps({"latency_p50": np.percentile(taken, 50), "latency_p99": np.percentile(taken, 99)}))
