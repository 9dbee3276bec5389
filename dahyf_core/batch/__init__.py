"""Many clips: tasks that are done once, on this machine or on others, and a page about all of them."""
