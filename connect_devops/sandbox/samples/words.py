"""Names, places and numbers of invented companies, the same for the same seed."""

from __future__ import annotations

import random
import uuid
from typing import Any, Final

__all__ = ["Words"]

_FIRST: Final = (
    "Amber",
    "Blue Harbor",
    "Cobalt",
    "Driftwood",
    "Evergreen",
    "Fernhill",
    "Granite",
    "Juniper",
    "Larkspur",
)
_SECOND: Final = ("Bakery", "Clinics", "Design", "Foods", "Freight", "Legal", "Logistics", "Motors", "Studios")
_FORM: Final = ("Inc.", "LLC", "Ltd.", "Group")
_PEOPLE: Final = ("Alex", "Dana", "Jamie", "Kim", "Morgan", "Robin", "Sasha", "Taylor")
_FAMILIES: Final = ("Archer", "Brook", "Carter", "Field", "Marsh", "Reed", "Stone", "Wells")
_PLACES: Final = (
    ("Springfield", "Illinois", "62701", "US", "+1"),
    ("Riverton", "Utah", "84065", "US", "+1"),
    ("Girona", "Catalonia", "17001", "ES", "+34"),
    ("Ulm", "Baden-Württemberg", "89073", "DE", "+49"),
    ("Lyon", "Auvergne-Rhône-Alpes", "69001", "FR", "+33"),
)


class Words:
    """A seeded source of believable values. E-mail addresses and telephone numbers belong to nobody."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - samples are no secrets

    def company(self) -> str:
        """A company's name."""
        return " ".join(self._random.choice(words) for words in (_FIRST, _SECOND, _FORM))

    def digits(self, *lengths: int) -> str:
        """Blocks of digits joined by dashes."""
        return "-".join(f"{self._random.randrange(10**length):0{length}d}" for length in lengths)

    def code(self, length: int) -> str:
        """Capital letters and digits."""
        return "".join(self._random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(length))

    def uuid(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def number(self, low: int, high: int) -> int:
        """A whole number between both, inclusive."""
        return self._random.randint(low, high)

    def contact(self) -> dict[str, Any]:
        """Address and person of a company."""
        city, state, postal_code, country, dial = self._random.choice(_PLACES)
        first, last = self._random.choice(_PEOPLE), self._random.choice(_FAMILIES)
        return {
            "address_line1": f"{self.number(1, 99)} Example Street",
            "address_line2": f"Suite {self.number(1, 20)}",
            "city": city,
            "state": state,
            "postal_code": postal_code,
            "country": country,
            "contact": {
                "first_name": first,
                "last_name": last,
                "email": f"{first.lower()}.{last.lower()}@example.com",
                "phone_number": {
                    "country_code": dial,
                    "area_code": "555",
                    "phone_number": f"01{self.number(0, 99):02d}",
                    "extension": "",
                },
            },
        }
