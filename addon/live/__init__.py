"""Live hands: the core follows a camera as another process, and rigs in the viewport move with it."""
