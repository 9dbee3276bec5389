"""What talks to the core: its environment, its process and line protocol, and the capture file that it writes."""
