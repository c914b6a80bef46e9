"""What the code of a project collects in a module of its own."""

calls = 0
seen: list[int] = []
