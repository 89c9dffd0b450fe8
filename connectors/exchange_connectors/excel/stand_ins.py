"""Words that stand in place of a value, or set a row aside: 同上, 待补, 示例, 作废. Pure."""

import re

from exchange_connectors.excel.cells import fold_width

_DITTO = frozenset({"同上", "同前", "同左", "同右", "同下", "如上", "〃", "″", "〞", '"', "''", "...", "……", "…", "······", "′′"})
_PENDING = re.compile(
    r"(?:暂时?|尚|还)?(?:待(?:补|定|填|核|查|确认|补充|补报|提供)|未(?:知|定|填|开|取得|提供)|不详|不明|不清楚|不知道|暂缺|缺|空|补|(?:正?在)?办理中|正在办理|在办|待办)|[xX×*]{2,}|[?#]+|(?:示例|样例|例)"
)
_SET_ASIDE = re.compile(r"(?:填写|填报|填表)?(?:示例|样例|范例|举例|例子|例)\d*[:.]?|(?:已|此行|本行)?(?:作废|取消|删除|停用|无效)|废|删|[×✕✖╳]")
_TAKEN_BACK = re.compile(
    r"(?<![未无非不免可])(?:退[货款单订]|撤[单销回]|取消|作废|无效订?单|测试(?:数据|订单)|示例|样例|(?:有误|错误)$|应(?:为|改为|是)[\d一-鿿]|以.{1,12}为准|与.{1,8}重复|重复(?:填报|报送|录入|订单)?$)"
)
_VOID = re.compile(
    r"[(]?(?:此|本|该)?(?:行|条|笔|项|单)?(?:已经?|应|拟|请)?(?:作废|取消|无效|删除|撤销|停用|不计入?|不报|不上报|不统计|剔除|重复(?:填报|报送|录入)?(?!利用|使用))"
)
_REMARK = r"(?:已|拟|应)?(?:退[货款单回]?|补[报录开发]?|重[复报]?|作?废|取消|撤销|冲[红销]|更正|删除?)|[待暂未][一-鿿]+|见[一-鿿]+"
_MARKED = re.compile(rf"(?=[^0-9]*[0-9])[0-9A-Za-z][0-9A-Za-z_.-]*(?:[(](?:{_REMARK})[)]|(?:{_REMARK})|[*#?:;,.。、!^~☆★△▲※√×✓✔✅❌●○◆■]+|等\d*[一-鿿]*)|(?:同|见|与|参见|原)[0-9A-Za-z].*")
_TWO_CODES = re.compile(r"([0-9A-Za-z][0-9A-Za-z_.-]{3,})(?:(?:[~至到]|[.…]{2,})([0-9A-Za-z_.-]+)|[/+&|和及与]([0-9A-Za-z][0-9A-Za-z_.-]{3,}))")
_QUOTED = re.compile(r"['‘’`´′](?=[0-9A-Za-z])")


def is_ditto(text: str) -> bool:
    """Say whether a text only points to another cell's.

    >>> is_ditto("同上"), is_ditto("同上级部门对接")
    (True, False)
    """
    return text in _DITTO


def is_pending(text: str) -> bool:
    """Say whether a text stands where a number of a thing is not known yet.

    >>> [is_pending(each) for each in ("待补", "XXXX", "？", "待办-3")]
    [True, True, True, False]
    """
    return _PENDING.fullmatch(fold_width(text)) is not None


def sets_aside(serial: str) -> bool:
    """Say whether what stands for a row's serial number says that the row is none: an example of a template, or void.

    >>> [sets_aside(each) for each in ("示例", "例：", "作废", "例外", "3")]
    [True, True, True, False, False]
    """
    return _SET_ASIDE.fullmatch(fold_width(serial).strip()) is not None


def voids(remark: str) -> bool:
    """Say whether a remark takes its row back.

    >>> [voids(each) for each in ("作废", "该单已取消，不计入", "无", "重复利用")]
    [True, True, False, False]
    """
    words = "".join(fold_width(remark).split())
    return _VOID.match(words) is not None or _TAKEN_BACK.search(words) is not None


def no_one_code(text: str) -> bool:
    """Say whether a code carries a mark or a remark, or stands for several; words that belong to a number, such as （改） or （一期）, are no remark.

    >>> [no_one_code(each) for each in ("CL-0002（退）", "CL-0002*", "CL-0002等3单", "CL-0002~0005", "CL-0001/CL-0002")]
    [True, True, True, True, True]
    >>> [no_one_code(each) for each in ("CL-0002", "津政〔2025〕3号", "GX-003（改）", "XM-12（二期）")]
    [False, False, False, False]
    """
    parts = fold_width(text).split()
    if len(parts) > 1 and len({_shape(part) for part in parts}) == 1 and len(parts[0]) > 3 and parts[0][-1:].isdecimal():
        return True
    folded = "".join(parts)
    if _MARKED.fullmatch(folded):
        return True
    match = _TWO_CODES.fullmatch(folded)
    if match is None:
        return False
    return match[2] is not None or _shape(match[1]) == _shape(match[3])


def _shape(code: str) -> str:
    return re.sub(r"\d", "9", code)


def unquoted(text: str) -> str:
    """Return a code without the sign by which a spreadsheet is told that it is a text.

    >>> unquoted("'0001"), unquoted("CL-'1")
    ('0001', "CL-'1")
    """
    return _QUOTED.sub("", text, count=1) if _QUOTED.match(text) else text
