"""Writes a first message for leads that have none yet, one at a time, and touches a file to show that it lives."""

import os
import pathlib

from lead_database import columns, connect, every, first, say

PAUSE = float(os.environ.get("GENERATOR_PAUSE", "20"))
BEAT = pathlib.Path("data/run/generator.beat")

TEMPLATE = (
    "Hi {name}, I have been looking at how {company} wins new customers and have two ideas that would take less than a "
    "week to try. Would a short call on Thursday suit you?"
)


def write_message():
    BEAT.parent.mkdir(parents=True, exist_ok=True)
    BEAT.touch()
    connection = connect()
    try:
        known = columns(connection)
        name = first(["full_name", "name"], known)
        if name is None or "ai_message" not in known:
            return
        lead = connection.execute(
            f"SELECT rowid, {name} AS name, company FROM leads"
            f" WHERE coalesce(ai_message, '') = '' AND coalesce({name}, '') <> '' AND coalesce(company, '') <> ''"
            " ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        if lead is None:
            return
        message = TEMPLATE.format(name=lead["name"].split()[0].title(), company=lead["company"].strip())
        connection.execute(
            "UPDATE leads SET ai_message = ? WHERE rowid = ? AND coalesce(ai_message, '') = ''", (message, lead["rowid"])
        )
        say(f"wrote a message for lead {lead['rowid']}")
    finally:
        connection.close()


say(f"writes a message every {PAUSE:g} s")
every(PAUSE, write_message)
