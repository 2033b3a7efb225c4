"""The made-up window for developers shows the settings pages as they are declared."""

import json

from devtools.places import CHECKOUT
from mailroom.core import settings

MADE_UP = CHECKOUT / "ui" / "dev" / "pages.json"


def test_the_made_up_pages_are_the_declared_ones_in_their_order():
    made_up = json.loads(MADE_UP.read_text())
    assert list(made_up) == [page for page in settings.pages() if page in made_up]
    for page, facts in made_up.items():
        assert facts["schema"]["properties"] == settings.schema_of(page)["properties"], page
        assert facts["defaults"] == settings.defaults()[page], page
