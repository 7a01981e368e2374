"""One table over scale: `python -m benchmarks.scale [--quick] [--json] [--only growth]`."""

from benchmarks.harness import main_of_sections

if __name__ == "__main__":
    main_of_sections(
        "benchmarks.scale",
        ("growth", "hosts", "objects", "driver", "speed", "memory"),
        "Scale: what tasks open and are told, hosts that die, driver memory, an object store, the speed of builds.",
    )
