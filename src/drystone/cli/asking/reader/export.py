"""`drystone reader export`: a model in other formats, each checked by its consumer."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.catalog import verbs
from drystone.cli._out import echo, print_json
from drystone.reader.verbs import verify_model


@click.command()
@click.argument("model")
@click.option(
    "--to",
    "formats",
    default="",
    metavar="FORMAT,…",
    help="safetensors, pytorch, onnx, onnx-int8, onnx-packed, openvino, openvino-int8, tensorflow, tf-h5, rust.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")
@click.option("--revision", help="Branch, tag or commit of a Hub model.")
@click.option("--verify", is_flag=True, help="Check the exported folder MODEL again instead of writing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was checked as JSON.")
def command(model: str, formats: str, out: Path | None, revision: str | None, verify: bool, as_json: bool) -> None:
    """Write MODEL in other formats into one folder laid out like a Hub repository, and check each by its consumer.

    tensorflow and tf-h5 want TensorFlow in an environment of its own: DRYSTONE_TENSORFLOW=tf/bin/python names it.

    \b
    Examples:
      drystone reader export ./model --to safetensors,onnx,openvino-int8 --out exported
      drystone reader export exported --verify
    """
    if verify:
        checked = verify_model(model)
    elif out is None:
        raise click.UsageError("Give --out FOLDER to write to, or --verify.")
    else:
        checked = verbs.export_model(model, [name for name in formats.split(",") if name], out, revision=revision)
    if as_json:
        print_json(checked)
        return
    for row in checked:
        same = f"differs by {row['difference']:.1e}, same spans {row['agreement']:.0%}"
        echo(f"{row['format']:14} {row['file']:26} {same}")
