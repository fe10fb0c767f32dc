"""Files that people hand in: kept by what they are, shown without what they should not tell."""
