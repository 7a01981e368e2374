from pydantic import BaseModel
from dataclasses import dataclass


class LicensePolicy(BaseModel):
    tree_rule: str = "x"
    model_config = {"frozen": True}


@dataclass
class Verdict:
    license_type: str
    allowed: bool
    reason: str


def evaluate(e, p):
    if e is None:
        return Verdict("no_license", True, "")
    return Verdict("permissive", True, "") if e == "MIT" else Verdict("non_permissive", False, e)
