"""One table over training output: `python -m benchmarks.training_output [--quick] [--only decontamination]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.training_output",
        ("decontamination", "renamed", "quality", "tokens"),
        "Training output: decontamination, quality scores, tokens: what they cost and how right they are.",
    )
