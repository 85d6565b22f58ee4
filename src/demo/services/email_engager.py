"""Contacts leads that have a message and may be contacted: here it only writes what it would send to a file."""

import os
import pathlib
import time

from lead_database import columns, connect, every, first, say

PAUSE = float(os.environ.get("ENGAGER_PAUSE", "45"))
OUTBOX = pathlib.Path("data/run/outbox.txt")


def contact():
    connection = connect()
    try:
        known = columns(connection)
        status = first(["engagement_status", "engagement_stage"], known)
        sent = first(["date_messaged", "last_contacted"], known)
        if status is None or sent is None or "ai_message" not in known:
            return
        lead = connection.execute(
            f"SELECT rowid, email, ai_message FROM leads WHERE {status} = 'auto_send' AND coalesce({sent}, '') = ''"
            " AND coalesce(ai_message, '') <> '' AND email LIKE '%_@_%' ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        if lead is None:
            return
        today = time.strftime("%Y-%m-%d")
        done = connection.execute(
            f"UPDATE leads SET {status} = 'contacted', {sent} = ? WHERE rowid = ? AND {status} = 'auto_send'",
            (today, lead["rowid"]),
        )
        if done.rowcount == 1:
            OUTBOX.parent.mkdir(parents=True, exist_ok=True)
            with OUTBOX.open("a") as outbox:
                outbox.write(f"{today} {lead['email']}: {lead['ai_message']}\n")
            say(f"contacted lead {lead['rowid']}")
    finally:
        connection.close()


say(f"contacts a lead every {PAUSE:g} s")
every(PAUSE, contact)
