"""What builds the scene of a capture: rigs, keys, layers of the NLA, the camera and the footage behind it."""
