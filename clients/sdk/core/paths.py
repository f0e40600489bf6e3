"""Where a person may be sent after login: only to a path of this system."""

MOST_CHARACTERS = 512


def local_path(wanted: str | None, default: str = "/") -> str:
    """The wanted path if it stays on this host, else the default.

    A second slash or a backslash would name another host, and browsers drop tabs and line ends before they
    look (WHATWG URL §4.4), so `/\\t/elsewhere.example` is one of those too.
    """
    if wanted is None or not wanted.startswith("/") or len(wanted) > MOST_CHARACTERS:
        return default
    if wanted.startswith("//") or "\\" in wanted:
        return default
    if any(character.isspace() or not character.isprintable() for character in wanted):
        return default
    return wanted
