"""Import and export of the register and the library as files that clerks make: one form per kind, the same both ways."""
