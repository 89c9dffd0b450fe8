"""How a file's name is said and remembered: names of another encoding are read as what Chinese systems write."""

import os
from pathlib import Path, PurePath

ANOTHER_ENCODING = "（文件名非UTF-8）"


def told(path: Path) -> str:
    """Return a file's name as text that can be stored and written.

    A name that came from an archive or a share in GBK is no text here; it is read as GB18030 and marked, so that it stays another
    name than that of a file which is really called so.
    """
    try:
        path.name.encode()
    except UnicodeEncodeError:
        name = PurePath(os.fsencode(path.name).decode("gb18030", errors="replace"))
        return f"{name.stem}{ANOTHER_ENCODING}{name.suffix}"
    return path.name
