"""What a file says about its own language: shebang, editor modelines, and signatures in the first bytes.

Linear in a bounded head and tail of the content; never reads the whole.
"""

from __future__ import annotations

import re
from typing import Final

from drystone.detect.languages.tables import by_alias, by_interpreter

_HEAD_BYTES: Final = 1024
_TAIL_BYTES: Final = 512

_VERSION: Final = re.compile(r"[\d.]+$")
_EXEC: Final = re.compile(rb"^[ \t]*exec[ \t]+([^\s'\"]+)", re.MULTILINE)
_EMACS: Final = re.compile(rb"-\*-[ \t]*(?:(?:[^\n]{0,200}?;)?[ \t]*mode[ \t]*:[ \t]*)?([\w+#./-]{1,40}?)[ \t]*(?:;[^\n]{0,200}?)?-\*-", re.I)
_VIM: Final = re.compile(rb"(?:^|[ \t])(?:vi|vim|Vim|ex)[<=>]?\d{0,4}:[^\n]{0,200}?\b(?:filetype|ft|syntax)=([\w+#-]{1,40})", re.M)

#: Interpreters that may stand in front of another language: a shell that hands over, a runtime of several languages.
SHELLS: Final = frozenset({"sh", "bash", "dash", "ksh", "zsh", "ash"})
RUNTIMES: Final = frozenset({"node", "deno", "bun", "nodejs", "env", "java", "php"})

#: Modes of Emacs and file types of Vim that are none of Linguist's aliases.
_MODES: Final = {
    "c++": "C++", "cperl": "Perl", "csharp": "C#", "cs": "C#", "elisp": "Emacs Lisp", "emacs-lisp": "Emacs Lisp",
    "sh": "Shell", "shell-script": "Shell", "ksh": "Shell", "lisp": "Common Lisp", "lisp-interaction": "Emacs Lisp",
    "objc": "Objective-C", "objcpp": "Objective-C++", "make": "Makefile", "makefile-gmake": "Makefile",
    "fundamental": "", "text": "Text", "conf": "", "cfg": "INI", "dosini": "INI", "plsql": "PLSQL", "pl": "Perl",
    "octave": "MATLAB", "f90": "Fortran Free Form", "fortran": "Fortran", "nroff": "Roff", "man": "Roff Manpage",
    "tex": "TeX", "plaintex": "TeX", "latex": "TeX", "html": "HTML", "xhtml": "HTML", "nxml": "XML", "sgml": "",
    "js2": "JavaScript", "rst": "reStructuredText", "perl6": "Raku", "help": "Vim Help File", "dcl": "DIGITAL Command Language",
    "spec": "RPM Spec", "rpm-spec": "RPM Spec", "caml": "OCaml", "tuareg": "OCaml", "sml": "Standard ML",
    "python": "Python", "vb": "", "basic": "", "asm": "Assembly", "nasm": "Assembly", "gas": "Assembly",
}  # fmt: skip

#: First bytes that name a language by its own format's rule.
_SIGNATURES: Final = (
    (re.compile(rb"<\?php\b|<\?=", re.I), "PHP"),
    (re.compile(rb"<!doctype\s+html|<html[\s>]", re.I), "HTML"),
    (re.compile(rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,500}-->\s*)?<svg[\s>]"), "SVG"),
    (re.compile(rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,500}-->\s*)?<xsl:(?:stylesheet|transform)\b"), "XSLT"),
    (re.compile(rb"<\?xml\b"), "XML"),
    (re.compile(rb"%!PS"), "PostScript"),
    (re.compile(rb"diff --git a/|--- \S[^\n]*\n\+\+\+ \S[^\n]*\n@@ -|Index: [^\n]+\n=+\n"), "Diff"),
    (re.compile(rb"-----BEGIN [A-Z ]*PUBLIC KEY|-----BEGIN CERTIFICATE"), "Public Key"),
    (re.compile(rb"\\documentclass\b|\\documentstyle\b"), "TeX"),
    (re.compile(rb"-\s*!?\{?\s*cmake_minimum_required|cmake_minimum_required\s*\(", re.I), "CMake"),
    (re.compile(rb"Traceback \(most recent call last\):\n"), "Python traceback"),
    (re.compile(rb">>> "), "Python console"),
    (re.compile(rb"(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH) \S+ HTTP/\d|HTTP/\d(?:\.\d)? \d{3} "), "HTTP"),
    (re.compile(rb'#[^\n]*\nmsgid "|msgid "'), "Gettext Catalog"),
    (re.compile(rb"BEGIN:VCALENDAR\b"), "iCalendar"),
    (re.compile(rb"BEGIN:VCARD\b"), "vCard"),
    (re.compile(rb"@startuml\b"), "PlantUML"),
    (re.compile(rb"solid [^\n]*\n\s*facet normal"), "STL"),
)  # fmt: skip


def by_shebang(content: bytes) -> tuple[tuple[str, ...], str]:
    """Return the languages of a `#!` line's interpreter, and the interpreter ("" where there is none)."""
    if content[:2] != b"#!":
        return (), ""
    head = content[:_HEAD_BYTES]
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if not words:
        return (), ""
    program = words[0].rpartition("/")[2]
    if program == "env":
        rest = [w for w in words[1:] if not w.startswith("-") and "=" not in w]
        if not rest:
            return (), ""
        program = rest[0].rpartition("/")[2]
    if program == "sh":
        # A shell that hands over at once: `exec tclsh "$0"`.
        handed = _EXEC.search(b"\n".join(head.split(b"\n")[:8]))
        if handed:
            other = handed[1].decode("utf-8", "replace").rpartition("/")[2]
            if other in by_interpreter():
                program = other
    table = by_interpreter()
    return table.get(program) or table.get(_VERSION.sub("", program), ()), program


def _mode(word: bytes) -> str | None:
    mode = word.decode("ascii", "replace").lower()
    mode = mode.removesuffix("-mode").removesuffix("-ts")
    return _MODES[mode] or None if mode in _MODES else by_alias().get(mode)


def by_modeline(content: bytes) -> str | None:
    """Return the language of an Emacs or Vim modeline in the first or last five lines; None where there is none."""
    head = content[:_HEAD_BYTES]
    if b"-*-" in head:
        found = _EMACS.search(b"\n".join(head.split(b"\n", 5)[:5]))
        if found and (language := _mode(found[1])):
            return language
    tail = content[-_TAIL_BYTES:] if len(content) > _HEAD_BYTES else b""
    for part, lines in ((head, slice(0, 5)), (tail, slice(-5, None))):
        if b"ft=" in part or b"filetype=" in part or b"syntax=" in part:
            found = _VIM.search(b"\n".join(part.split(b"\n")[lines]))
            if found and (language := _mode(found[1])):
                return language
    return None


def by_signature(content: bytes) -> str | None:
    """Return the language that the content's first bytes name by the rule of a format; None where they do not."""
    head = content[:_HEAD_BYTES].lstrip()
    return next((language for pattern, language in _SIGNATURES if pattern.match(head)), None)
