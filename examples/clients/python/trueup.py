"""A client of Trueup's REST API with nothing but the standard library of Python 3.9 or later.

`Lead` has the fields of the sample desired state; make your own from GET /api/openapi.json.
"""

from __future__ import annotations

import json
from typing import Any, Iterator, Optional, TypedDict
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen


class Lead(TypedDict):
    id: str
    recordKey: str
    rowVersion: str
    full_name: Optional[str]
    email: Optional[str]
    company: Optional[str]
    title: Optional[str]
    phone: Optional[str]
    engagement_status: Optional[str]
    date_messaged: Optional[str]


class TrueupError(Exception):
    """What the API refused, or that waits for a person (status 202)."""

    def __init__(self, status: int, code: str, message: str, detail: dict[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail


class Trueup:
    def __init__(self, address: str, token: str, timeout_seconds: float = 30) -> None:
        """address: for example http://127.0.0.1:4000"""
        self._address = address.rstrip("/")
        self._token = token
        self._timeout = timeout_seconds

    def leads(self, **filters: Any) -> Iterator[Lead]:
        """Every lead, a page at a time: leads(company="Acme", orderBy="email:desc")."""
        query = {"first": 200, **filters}
        while True:
            page = self._call("GET", "/api/leads", query)
            yield from page["items"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            query["after"] = page["pageInfo"]["endCursor"]

    def search(self, words: str) -> list[Lead]:
        """The best matches first."""
        return self._call("GET", "/api/leads/search", {"q": words})["items"]

    def lead(self, lead_id: str) -> Optional[Lead]:
        """None where there is none."""
        try:
            return self._call("GET", f"/api/leads/{quote(lead_id, safe='')}")
        except TrueupError as error:
            if error.code == "NOT_FOUND":
                return None
            raise

    def create(self, **fields: Any) -> Lead:
        return self._call("POST", "/api/leads", body=fields)["lead"]

    def update(self, lead_id: str, **fields: Any) -> Lead:
        """The fields that are given; expectedVersion=lead["rowVersion"] writes nothing when somebody was faster."""
        return self._call("PUT", f"/api/leads/{quote(lead_id, safe='')}", body=fields)["lead"]

    def delete(self, lead_id: str) -> None:
        self._call("DELETE", f"/api/leads/{quote(lead_id, safe='')}")

    def _call(self, method: str, path: str, query: Optional[dict] = None, body: Optional[dict] = None) -> Any:
        url = self._address + path + ("?" + urlencode(query) if query else "")
        headers = {"authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url, data, headers, method=method), timeout=self._timeout) as response:
                status, answer = response.status, json.load(response)
        except HTTPError as refused:
            status, answer = refused.code, json.load(refused)
        if status < 300 and status != 202:
            return answer
        error = dict(answer.get("error") or answer["errors"][0])
        raise TrueupError(status, error.pop("code", "UNKNOWN"), error.pop("message", ""), error)
