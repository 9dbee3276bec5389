"""What the bones of the rig must do for its hands to do what the captured ones do."""
