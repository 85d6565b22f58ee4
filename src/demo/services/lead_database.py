"""What the sample services share: the lead database as its own programs use it, and a quiet end on SIGTERM."""

import os
import signal
import sqlite3
import threading
import time

stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set())


def connect():
    """Opens the database; other programs write it too, so locks are waited for."""
    path = os.environ.get("LEAD_DATABASE_PATH", "data/leads.db")
    if not os.path.exists(path):
        raise SystemExit(f"there is no {path}")
    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def columns(connection):
    """The columns of leads: they have changed names over the years, and Trueup renames them as declared."""
    return {row["name"] for row in connection.execute("PRAGMA table_info(leads)")}


def first(names, known):
    """The first of several names of one column that the table has."""
    return next((name for name in names if name in known), None)


def say(text):
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), text, flush=True)


def every(seconds, work):
    """Does the work over and over until SIGTERM; a locked database is no reason to end."""
    while not stopping.is_set():
        try:
            work()
        except sqlite3.OperationalError as error:
            say(f"the database is busy: {error}")
        stopping.wait(seconds)
    say("stopped")
