"""An example answer for every route of the API; tests hold that each has the shape of a real answer."""

from collections.abc import Mapping

_ORIGIN: Mapping[str, object] = {"file": "设备更新项目2026年10月.xlsx", "sheet": "项目清单", "row": 7, "unit": "万元"}
_FACTS: Mapping[str, object] = {"name": "压缩机更新项目", "total_investment": "12300000.00", "build_state": "在建"}
_KEY = "2509-120114-89-01-544060"
_ROW: Mapping[str, object] = {"row_key": _KEY, "bureaus": ["industry"], **_FACTS, "funds_paid": None}

EXAMPLES: Mapping[str, object] = {
    "/api/lists": [
        {
            "name": "equipment-projects",
            "title": "设备更新项目清单",
            "columns": [{"name": "total_investment", "title": "总投资", "type": "money", "unit": "元"}],
        }
    ],
    "/api/lists/{name}": {
        "list": "equipment-projects",
        "title": "设备更新项目清单",
        "as_of": "2026-11-02T01:30:00Z",
        "total": 1,
        "page": 1,
        "size": 50,
        "rows": [_ROW],
    },
    "/api/lists/{name}/row": {
        "row": _ROW,
        "taken_from": [
            {
                "column": "total_investment",
                "value": "12300000.00",
                "bureau": "industry",
                "others": [{"bureau": "development-reform", "value": "12600000.00"}],
            }
        ],
        "claims": [
            {
                "bureau": "industry",
                "register": "project",
                "revision": 3,
                "event_id": "5d0c7a52-6a44-5f0e-9d5e-3f7f5f1d8c11",
                "facts": _FACTS,
            }
        ],
        "events": [
            {
                "topic": "hub.wuqing.industry.events",
                "offset": 41,
                "event_id": "5d0c7a52-6a44-5f0e-9d5e-3f7f5f1d8c11",
                "type": "ProjectChanged",
                "bureau": "industry",
                "revision": 3,
                "occurred_on": "2026-10-20",
                "arrived_at": "2026-10-21T02:11:09Z",
                "reason": "投资额核定",
                "origin": _ORIGIN,
                "facts": _FACTS,
            }
        ],
    },
    "/api/submissions/{month}": [
        {
            "bureau": "water",
            "list": "equipment-projects",
            "month": "2026-10",
            "state": "nil",
            "rows": 0,
            "confirmed_on": "2026-11-03",
            "signed_by": "签发",
            "due_on": "2026-11-05",
        }
    ],
    "/api/findings": [
        {
            "id": "f-19c2",
            "rule": "same-certificate",
            "text": "同一注销证明出现在两笔补贴中，请核实。",
            "list": "scrappage",
            "component": "commerce:营运货车/LFWSRXSJ0M1E00001",
            "bureaus": ["commerce", "transport"],
            "state": "待核实",
            "since": "2026-11-02T01:20:00Z",
        }
    ],
    "/api/rejections": [
        {
            "topic": "hub.wuqing.commerce.events",
            "offset": 105,
            "bureau": "commerce",
            "type": "TradeInCompleted",
            "entity_key": "D2026100045",
            "outcome": "rejected",
            "code": "bad_value",
            "reason": "补贴金额大于销售额，请核对后更正重报。",
            "arrived_at": "2026-11-01T08:00:00Z",
            "origin": _ORIGIN,
        }
    ],
    "/api/positions": [
        {
            "topic": "hub.wuqing.industry.events",
            "bureau": "industry",
            "next_offset": 412,
            "owner": "worker-1",
            "moved_at": "2026-11-02T01:29:58Z",
            "outcomes": {"accepted": 402, "duplicate": 6, "rejected": 3, "held": 0},
            "seen_at": "2026-11-02T01:30:00Z",
        }
    ],
    "/api/reports": [
        {"month": "2026-10", "files": [{"name": "report.docx", "bytes": 48213, "path": "/reports/2026-10/report.docx"}]}
    ],
    "/api/reports/{month}/figures": [
        {
            "id": "equipment.工业.total_investment",
            "value": "1234567890.00",
            "absent": "—",
            "unit": "元",
            "period": "2026-10",
            "list": "equipment-projects",
            "where": {"domain": "工业"},
            "measure": "sum(total_investment)",
            "rows": 38,
            "rows_path": "/reports/2026-10/figure?id=equipment.%E5%B7%A5%E4%B8%9A.total_investment",
        }
    ],
}
