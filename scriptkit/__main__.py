"""`python -m scriptkit` is the command `scriptkit`."""

from scriptkit.cli import main

if __name__ == "__main__":
    main(prog_name="scriptkit")
