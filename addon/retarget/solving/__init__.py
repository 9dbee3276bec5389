"""Computing the rotations and locations of the rig's bones from the captured motion."""
