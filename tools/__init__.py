"""Commands that make what the repository ships; none of them is part of the package."""
