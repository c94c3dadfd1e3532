"""Reading README.md in tests: its sections, and the tables in them."""

from infra.bundle import ROOT


def readme() -> str:
    """Return all of it."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text of a section of the second level."""
    (found,) = [each for each in readme().split("\n## ")[1:] if each.partition("\n")[0] == title]
    return found


def rows(title: str) -> list[list[str]]:
    """Return the rows of a section's only table, its head left out, cell by cell."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
