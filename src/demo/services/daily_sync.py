"""Once a day: counts the leads by status and keeps the figures for the morning."""

import json
import pathlib
import time

from lead_database import columns, connect, first, say

connection = connect()
status = first(["engagement_status", "engagement_stage"], columns(connection))
total = connection.execute("SELECT count(*) FROM leads").fetchone()[0]
by_status = {} if status is None else dict(
    connection.execute(f"SELECT coalesce({status}, 'none'), count(*) FROM leads GROUP BY 1").fetchall()
)
connection.close()

report = pathlib.Path("data/run/daily_sync.json")
report.parent.mkdir(parents=True, exist_ok=True)
part = report.with_suffix(".part")
part.write_text(json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "leads": total, "byStatus": by_status}, indent=2))
part.replace(report)
say(f"{total} leads")
