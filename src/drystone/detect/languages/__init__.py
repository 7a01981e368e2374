"""Which language a file is written in, whether a tool generated it, and Linguist's table of languages.

Bytes and path in, names out; knows nothing of policies, sources or releases.
"""

from drystone.detect.languages.detection import detect_language, detect_languages
from drystone.detect.languages.generated import is_generated, says_generated
from drystone.detect.languages.tables import Language, languages

__all__ = ["Language", "detect_language", "detect_languages", "is_generated", "languages", "says_generated"]
