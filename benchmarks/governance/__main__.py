"""One table over governance: `python -m benchmarks.governance [--quick] [--json] [--only events]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.governance",
        ("events", "lookup", "optouts", "retraction", "ways", "crowd", "tamperings", "histories"),
        "Governance: what opt-outs cost a build and a release, look-ups, how fast the log is "
        "written, what comes back in, whom a crowd keeps out, and which tampering shows.",
    )
