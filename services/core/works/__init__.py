"""Works of a project: what comes before them, phases, quantities, acceptance and hand-over."""
