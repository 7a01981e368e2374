"""One table over the Software Heritage source: `python -m benchmarks.software_heritage [--quick] [--only paths]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.software_heritage",
        ("contents", "equality", "memory", "paths"),
        "A graph export resolved to paths, in time and memory; contents fetched; equality with the git source.",
    )
