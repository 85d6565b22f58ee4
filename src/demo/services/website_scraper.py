"""Finds new leads now and then, and writes them as scrapers do: shouting e-mail addresses, odd company names, no id."""

import os
import random
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from lead_database import columns, connect, every, first, say, stopping

PORT = int(os.environ.get("SCRAPER_PORT", "9101"))
PAUSE = float(os.environ.get("SCRAPER_PAUSE", "60"))

FIRST = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia", "Leslie", "Margaret"]
LAST = ["Marlow", "Okafor", "Lindqvist", "Tanaka", "Moreau", "Castillo", "Novak", "Iversen"]
COMPANY = ["quarry marketing corp.", "Teal  Freight LLC", "NORTHSIDE DENTAL inc", "Bramble & Sons, Ltd", "copperline studios"]


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


def scrape():
    given, family = random.choice(FIRST), random.choice(LAST)
    company = random.choice(COMPANY)
    domain = "".join(letter for letter in company.lower() if letter.isalnum())[:14]
    found = {
        ("full_name", "name"): f"  {given.upper()} {family.lower()} ",
        ("email",): f"{given}.{family}{random.randrange(10_000)}@{domain.upper()}.COM",
        ("company",): company,
        ("company_website",): f"www.{domain}.com/",
        ("source", "source_system"): "website_scraper",
    }
    connection = connect()
    try:
        known = columns(connection)
        row = {first(names, known): value for names, value in found.items() if first(names, known)}
        if "id" in known:
            row["id"] = f"scraped-{random.getrandbits(64):016x}"
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"INSERT INTO leads ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        say(f"found a lead at {company.strip()}")
    finally:
        connection.close()


server = HTTPServer(("127.0.0.1", PORT), Health)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(f"listens on 127.0.0.1:{PORT}, finds a lead every {PAUSE:g} s")
stopping.wait(PAUSE)
every(PAUSE, scrape)
