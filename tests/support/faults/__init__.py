"""A test kit of faults: programs that are killed or refused a write at a named place, and inputs that are damaged."""
