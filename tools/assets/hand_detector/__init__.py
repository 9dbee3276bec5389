"""Makes the hand detector: draws hands, composes pictures, trains, measures, and writes the ONNX file."""
