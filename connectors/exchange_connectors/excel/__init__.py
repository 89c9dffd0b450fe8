"""The Excel drop folder: workbooks in, events and return slips out."""

from exchange_connectors.excel.dropfolder import DropFolder, FileResult, look_at
from exchange_connectors.excel.inspection import Inspection, inspect
from exchange_connectors.excel.mapping import Mapping, load
from exchange_connectors.excel.model import Finding, Level

__all__ = ["DropFolder", "FileResult", "Finding", "Inspection", "Level", "Mapping", "inspect", "load", "look_at"]
