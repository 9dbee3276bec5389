"""Assignment of tracks to observations, and that a single hand needs no solver for it."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment

from dahyf_core.tracking.assignment import assigned

COSTS = arrays(float, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=4), elements=st.floats(-1e6, 1e6))


@given(COSTS)
def test_pairs_cost_as_little_as_those_of_the_solver(costs):
    rows, columns = assigned(costs)
    best = linear_sum_assignment(costs)
    assert len(set(rows)) == len(set(columns)) == len(rows) == min(costs.shape)
    assert np.isclose(costs[rows, columns].sum(), costs[best].sum())


def test_a_capture_is_imported_and_one_hand_followed_without_the_solver():
    script = "import sys, numpy, dahyf_core.capture.job; from dahyf_core.tracking.assignment import assigned"
    script += "; assigned(numpy.ones((1, 3))); print('scipy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"
