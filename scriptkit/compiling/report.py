"""Where the rows of `report()` were documented first; they are in `scriptkit.compile_report` now."""

from scriptkit.compile_report import CompileReport, ReportRow

__all__ = ["CompileReport", "ReportRow"]
