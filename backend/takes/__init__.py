"""Takes: which movement lies where in which recording; their analyses are elsewhere."""
