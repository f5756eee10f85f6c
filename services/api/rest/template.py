"""Path templates of `google.api.http` (AIP-127): `/v1/livestreams/{id}:activate`. Pure."""

import re
from dataclasses import dataclass

_VARIABLE = re.compile(r"\{([\w.]+)\}")
_SEGMENT = r"[^/:]+"


@dataclass(frozen=True, slots=True)
class Template:
    """A template as a pattern; `fields` are the paths of its variables, in order."""

    text: str
    pattern: re.Pattern[str]
    fields: tuple[str, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Variables by field path, or None; `path` is percent-decoded."""
        found = self.pattern.fullmatch(path)
        return None if found is None else dict(zip(self.fields, found.groups(), strict=True))


def compile_template(text: str) -> Template:
    """Variables stand for one segment each, which has neither a slash nor a colon."""
    pattern, fields, end = "", [], 0
    for variable in _VARIABLE.finditer(text):
        pattern += re.escape(text[end : variable.start()]) + f"({_SEGMENT})"
        fields.append(variable[1])
        end = variable.end()
    return Template(text, re.compile(pattern + re.escape(text[end:])), tuple(fields))
