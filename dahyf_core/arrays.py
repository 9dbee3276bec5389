"""Array types for signatures. They give the kind of number; docstrings give shapes, units and frames."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
"""An array of floating point numbers, single or double."""
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Image = NDArray[np.uint8]
"""A picture (H, W, 3), RGB."""
