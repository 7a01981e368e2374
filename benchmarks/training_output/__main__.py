"""One table over training output: `python -m benchmarks.training_output [--quick] [--only decontamination]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.training_output",
        ("decontamination", "renamed"),
        "Training output: what decontamination costs, what it finds and what it takes wrongly.",
    )
