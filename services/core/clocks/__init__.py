"""Terms that run: started, paused, extended, warned of and broken; whose they are, the domain above knows."""
