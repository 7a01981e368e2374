"""Licence detection: which licence a text, a file's head, a folder stands under, with evidence for each answer.

Pure: bytes and paths in, annotations out. Knows nothing of policies, sources or releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.detect.licenses.annotation import REVIEW_LIMIT, Evidence, LicenseAnnotation, LicenseState, reviewed
    from drystone.detect.licenses.files import detect_file, unread_text
    from drystone.detect.licenses.headers import HEAD_BYTES, detect_headers
    from drystone.detect.licenses.paths import file_kind, is_license_file
    from drystone.detect.licenses.texts import detect_text
    from drystone.detect.licenses.trees import TreeLicenses, file_license, tree_licenses

__all__ = [
    "HEAD_BYTES",
    "REVIEW_LIMIT",
    "Evidence",
    "LicenseAnnotation",
    "LicenseState",
    "TreeLicenses",
    "detect_file",
    "detect_headers",
    "detect_text",
    "file_kind",
    "file_license",
    "is_license_file",
    "reviewed",
    "tree_licenses",
    "unread_text",
]

__getattr__ = lazily(
    __name__,
    {
        "HEAD_BYTES": "drystone.detect.licenses.headers",
        "REVIEW_LIMIT": "drystone.detect.licenses.annotation",
        "Evidence": "drystone.detect.licenses.annotation",
        "LicenseAnnotation": "drystone.detect.licenses.annotation",
        "LicenseState": "drystone.detect.licenses.annotation",
        "TreeLicenses": "drystone.detect.licenses.trees",
        "detect_file": "drystone.detect.licenses.files",
        "detect_headers": "drystone.detect.licenses.headers",
        "detect_text": "drystone.detect.licenses.texts",
        "file_kind": "drystone.detect.licenses.paths",
        "file_license": "drystone.detect.licenses.trees",
        "is_license_file": "drystone.detect.licenses.paths",
        "reviewed": "drystone.detect.licenses.annotation",
        "tree_licenses": "drystone.detect.licenses.trees",
        "unread_text": "drystone.detect.licenses.files",
    },
)
