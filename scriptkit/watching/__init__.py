"""Has anything changed? Slots, containers, dictionaries."""
