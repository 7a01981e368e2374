"""What a file says about its own language: shebang, editor modelines, and signatures in the first bytes.

Linear in a bounded head and tail of the content; never reads the whole.
"""

from __future__ import annotations

import re
from typing import Final

import orjson

from drystone.detect.languages.tables import by_alias, by_interpreter

_HEAD_BYTES: Final = 1024
_TAIL_BYTES: Final = 512

_VERSION: Final = re.compile(r"[\d.]+$")
_EXEC: Final = re.compile(rb"^[ \t]*exec[ \t]+([^\s'\"]+)", re.MULTILINE)
_EMACS: Final = re.compile(
    rb"-\*-[ \t]*(?:(?:[^\n]{0,200}?;)?[ \t]*mode[ \t]*:[ \t]*)?([\w+#./-]{1,40}?)[ \t]*(?:;[^\n]{0,200}?)?-\*-", re.I
)
_VIM: Final = re.compile(
    rb"(?:^|[ \t])(?:vi|vim|Vim|ex)[<=>]?\d{0,4}:[^\n]{0,200}?\b(?:filetype|ft|syntax)=([\w+#-]{1,40})", re.M
)

#: Interpreters that may stand in front of another language: a shell that hands over, a runtime of several languages.
SHELLS: Final = frozenset({"sh", "bash", "dash", "ksh", "zsh", "ash"})
RUNTIMES: Final = frozenset({"node", "deno", "bun", "nodejs", "env", "java", "php"})

#: Interpreters, and programs that run scripts of one language, which Linguist does not list.
_RUNNERS: Final = {
    "amm": "Scala", "bats": "Shell", "busybox": "Shell", "cargo": "Rust", "clojure": "Clojure", "clj": "Clojure",
    "expect": "Tcl", "go": "Go", "gorun": "Go", "jbang": "Java", "kotlin": "Kotlin", "kscript": "Kotlin",
    "micropython": "Python", "npx": "JavaScript", "pdm": "Python", "pipx": "Python", "poetry": "Python",
    "rust-script": "Rust", "sage": "Sage", "scala-cli": "Scala", "stack": "Haskell", "swift": "Swift", "uvx": "Python",
    "zx": "JavaScript",
}  # fmt: skip
#: A second line of `nix-shell` names the interpreter.
_NIX: Final = re.compile(rb"^#![^\n]*nix-shell[^\n]*? -i[ ]*([\w.+-]+)", re.M)

#: Modes of Emacs and file types of Vim that are none of Linguist's aliases.
_MODES: Final = {
    "c++": "C++", "cperl": "Perl", "csharp": "C#", "cs": "C#", "elisp": "Emacs Lisp", "emacs-lisp": "Emacs Lisp",
    "sh": "Shell", "shell-script": "Shell", "ksh": "Shell", "lisp": "Common Lisp", "lisp-interaction": "Emacs Lisp",
    "objc": "Objective-C", "objcpp": "Objective-C++", "make": "Makefile", "makefile-gmake": "Makefile",
    "fundamental": "", "text": "Text", "conf": "", "cfg": "INI", "dosini": "INI", "plsql": "PLSQL", "pl": "Perl",
    "octave": "MATLAB", "f90": "Fortran Free Form", "fortran": "Fortran", "nroff": "Roff", "man": "Roff Manpage",
    "tex": "TeX", "plaintex": "TeX", "latex": "TeX", "html": "HTML", "xhtml": "HTML", "nxml": "XML", "sgml": "",
    "js2": "JavaScript", "rst": "reStructuredText", "perl6": "Raku", "help": "Vim Help File",
    "dcl": "DIGITAL Command Language",
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

_ENGLISH: Final = frozenset(b"the of and to in is that for or with this be by as are on not it you".split())
_LOWER: Final = re.compile(rb"[a-z]+")
_SIGNS: Final = b"{}=<>[]_$#@\\|&^~`%;"
_PROSE_BYTES: Final = 4096
_SENTENCE_END: Final = re.compile(rb"[a-z\x80-\xff][\"')]?[.!?](?:[ \t\r]*\n|[ ]|$)")
#: Letters, spaces and the stops of sentences.
_SPELLED: Final = bytes({*b" \n\t\r.,'\"!?-:()", *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x80, 0x100)})
_COMMENT: Final = re.compile(rb"^[ \t]*(?://|/\*|\*|#|--|;)|[;{][ \t\r]*$|\(\)", re.M)
_JSON_BYTES: Final = 1 << 20


#: How a record of a package's metadata begins; below its fields it has a README in whatever language.
_METADATA: Final = re.compile(rb"(?:Metadata|Wheel)-Version: \d")


def is_metadata(content: bytes) -> bool:
    """Return whether a text is a Python package's record of fields (PKG-INFO, METADATA, WHEEL), in no language."""
    return _METADATA.match(content) is not None


def is_prose(content: bytes) -> bool:
    """Return whether the beginning reads as sentences, as licence texts and notes do and program text does not.

    Of English, a fifth of the words are among the commonest; of other languages, nearly all bytes are letters and
    spaces, and sentences end. Less than one byte in a hundred is a sign of code.
    """
    head = content[:_PROSE_BYTES]
    if len(head) - len(head.translate(None, _SIGNS)) >= max(1.5, 0.01 * len(head)):
        return False
    words = _LOWER.findall(head.lower())
    common = sum(word in _ENGLISH for word in words)
    if len(_COMMENT.findall(head)) > 0.1 * (head.count(b"\n") + 1):
        return False
    if len(words) >= 40 and common >= 0.22 * len(words):
        return True
    ends = len(_SENTENCE_END.findall(head))
    spelled = len(head) - len(head.translate(None, _SPELLED))
    return (
        len(words) >= 15
        and ends >= 1
        and spelled >= 0.95 * len(head)
        and (common >= 0.2 * len(words) or (ends >= 2 and len(words) >= 30 and len(words) <= 16 * ends))
    )


def is_json(content: bytes) -> bool:
    """Return whether the whole is one JSON object, or an array of objects or texts."""
    if content[:64].lstrip()[:1] not in (b"{", b"[") or len(content) > _JSON_BYTES:
        return False
    try:
        made = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return bool(made) and (isinstance(made, dict) or any(isinstance(part, dict | str) for part in made))


def by_shebang(content: bytes) -> tuple[tuple[str, ...], str]:
    """Return the languages of a `#!` line's interpreter, and the interpreter ("" where there is none)."""
    if content[:2] != b"#!":
        return (), ""
    head = content[:_HEAD_BYTES]
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if not words:
        return (), ""
    words = [word.rpartition("/")[2] for word in words]
    if words[0] == "env":
        words = [w for w in words[1:] if not w.startswith("-") and "=" not in w]
        if not words:
            return (), ""
    program = words[0]
    if program == "nix-shell" and (named := _NIX.search(head)):
        program = named[1].decode()
    if program == "osascript" and "JavaScript" in words:
        return ("JavaScript",), program
    if program == "sh":
        # A shell that hands over at once: `exec tclsh "$0"`.
        handed = _EXEC.search(b"\n".join(head.split(b"\n")[:8]))
        if handed:
            other = handed[1].decode("utf-8", "replace").rpartition("/")[2]
            if other in by_interpreter():
                program = other
    found = _languages_of(program)
    if not found or program in _RUNNERS:
        # What is run may stand behind who runs it: `uv run python`, `npx tsx`, `busybox sh`.
        found = next(filter(None, map(_languages_of, (w for w in words[1:] if w not in _RUNNERS))), found)
    return found, program


def _languages_of(program: str) -> tuple[str, ...]:
    """Return the languages of an interpreter, with or without its version or variant."""
    for name in (program, _VERSION.sub("", program), program.partition("-")[0].rstrip("0123456789.")):
        found = by_interpreter().get(name)
        if found:
            return found
        if name in _RUNNERS:
            return (_RUNNERS[name],)
    return ()


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
