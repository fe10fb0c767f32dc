"""How clocks are shown; the routes are those of the subjects that they belong to."""
