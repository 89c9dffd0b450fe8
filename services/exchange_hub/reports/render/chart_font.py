"""The font of the charts: Noto Sans CJK (SC) from the package ``manimgx-fonts-cjk``, cut down to what is drawn.

The package ships one variable font collection whose default weight is hairline thin, and the plotting library can
neither choose a weight nor a face by name. So the characters of the charts are cut out of the Simplified Chinese
face at a fixed weight; what is left is a few kilobytes. Licence: SIL Open Font License 1.1 (see NOTICE).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FONT_PACKAGE = "manimgx_fonts_cjk"
FONT_FILE = "NotoSansCJK-VF.otf.ttc"
SIMPLIFIED_CHINESE_FACE = 2
WEIGHT = 400
# Always in: what number formatting adds to the texts, and the letters that the plotting library measures lines by.
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "−—（）：万亿元单位"


class MissingGlyphError(ValueError):
    """The chart font has no glyph for some characters; a chart with empty boxes is never issued."""


@lru_cache(maxsize=8)
def font_for(characters: str) -> bytes:
    """Return an OpenType font that holds exactly *characters* (sorted, each once).

    Raises:
        MissingGlyphError: where the face has no glyph for one of them.
    """
    with as_file(files(FONT_PACKAGE) / FONT_FILE) as path:
        font = TTFont(path, fontNumber=SIMPLIFIED_CHINESE_FACE, lazy=True, recalcTimestamp=False)
        drawable = font.getBestCmap()
        missing = [character for character in characters if ord(character) not in drawable]
        if missing:
            raise MissingGlyphError(f"图表字体缺少字形：{'、'.join(missing)}")
        options = subset.Options()
        options.layout_features = []
        options.hinting = False
        options.notdef_outline = True
        options.drop_tables += ["GSUB", "GPOS", "BASE", "vhea", "vmtx", "VORG", "VVAR"]
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters)
        cutter.subset(font)
        cut = BytesIO()
        font.save(cut)
    cut.seek(0)
    fixed = instancer.instantiateVariableFont(TTFont(cut, recalcTimestamp=False), {"wght": WEIGHT})
    result = BytesIO()
    fixed.save(result)
    return result.getvalue()


@contextmanager
def font_file(texts: Iterable[str]) -> Iterator[Path]:
    """Give a font file for all characters of *texts*; it is gone when the block ends."""
    characters = "".join(sorted(set(ALWAYS).union(*texts) - {"\n"}))
    with TemporaryDirectory(prefix="hub-font-") as folder:
        path = Path(folder) / "chart.otf"
        path.write_bytes(font_for(characters))
        yield path
