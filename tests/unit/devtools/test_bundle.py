"""The bundle's root holds the locked versions, also while the archive has newer ones beside them."""

from devtools.bundle import pinned


def test_locked_versions_are_held_and_wishes_are_left_open():
    assert pinned(["libpam0g=1.5.2-6+deb12u2", "postfix", "mount=1:2.38"]) == (
        "Package: libpam0g\nPin: version 1.5.2-6+deb12u2\nPin-Priority: 1001\n"
        "\n"
        "Package: mount\nPin: version 1:2.38\nPin-Priority: 1001\n"
    )
    assert pinned(["postfix"]) == ""
