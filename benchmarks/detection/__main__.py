"""One table over all detectors: `python -m benchmarks.detection [--quick] [--json] [--only languages]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.detection",
        ("licenses", "secrets", "languages"),
        "Detection of licences, secrets and languages: right answers on labelled files, and speed.",
    )
