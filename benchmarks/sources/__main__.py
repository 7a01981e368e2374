"""One table over sources: `python -m benchmarks.sources [--quick] [--json] [--only losses]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.sources",
        ("losses", "snapshots", "equality", "opening", "inventory", "wholes"),
        "Sources: whether anything that was promised can be lost in silence, and what is read as others read it.",
    )
