"""Who asks for what: users, pets, dances, pictures."""

from __future__ import annotations

from random import Random
from typing import NamedTuple
from uuid import UUID

_PETS = (
    "a golden retriever puppy", "a fluffy white cat", "a ginger tabby", "a French bulldog", "a grey parrot",
    "a dachshund in a red scarf", "a black kitten", "a husky with blue eyes", "a lop-eared rabbit",
    "a Shiba Inu", "a Maine Coon", "a corgi", "a tortoise", "an Australian shepherd", "a Siamese cat",
)  # fmt: skip
_DANCES = (
    "Macarena", "Salsa", "Hip Hop", "Ballet", "Breakdance", "Moonwalk", "Cha-Cha Slide", "Floss", "Robot",
    "Tango", "Disco", "Charleston", "Flamenco", "Tap Dance",
)  # fmt: skip
_FILES = ("dog", "cat", "rex", "luna", "pet", "photo", "IMG_2041", "IMG_0377", "bella", "milo")
_DURATIONS, _HOW_OFTEN = (5, 8, 10), (25, 60, 15)
_USERS = 140
_STORAGE = "https://q7xw.public.blob.vercel-storage.com/uploads"


class Wish(NamedTuple):
    user_id: str
    dance_style: str
    prompt: str
    image: str
    duration: int


class Cast:
    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._users = [new_id(rng) for _ in range(_USERS)]

    def wish(self, at_ms: int) -> Wish:
        """What somebody wants at that time; the picture was uploaded shortly before."""
        rng = self._rng
        dance = rng.choice(_DANCES)
        name, uploaded = rng.choice(_FILES), at_ms - rng.randrange(4_000, 90_000)
        return Wish(
            rng.choice(self._users),
            dance,
            f"A pet ({rng.choice(_PETS)}) performing the {dance} dance style. The pet's face and identity "
            f"are clearly preserved. The dance movements are smooth and natural, matching the {dance} style. "
            "Professional video quality, well-lit, stable camera.",
            f"{_STORAGE}/{uploaded}-{name}.jpg",
            rng.choices(_DURATIONS, _HOW_OFTEN)[0],
        )


def new_id(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def new_request_id(rng: Random, at_ms: int) -> str:
    """As Vercel makes them, without the region."""
    head = "".join(rng.choices("abcdefghjkmnpqrstvwxyz23456789", k=5))
    return f"{head}-{at_ms}-{rng.getrandbits(48):012x}"
