"""Nothing that comes from a text can become markup, nor hide or turn what a reader sees."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from arae.reporting.markup import Markup, element, escape, join, visible


class Reader(HTMLParser):
    """Collects text and tags."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.text, self.tags = "", []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@given(st.text(max_size=80))
def test_any_text_comes_back_as_text_and_makes_no_tag(text):
    read = Reader(f"<p>{escape(text)}</p>")
    assert read.text == visible(text)
    assert [tag for tag, _ in read.tags] == ["p"]


@given(st.text(max_size=80))
def test_any_attribute_comes_back_as_it_was(text):
    read = Reader(element("p", title=text))
    assert read.tags == [("p", {"title": visible(text)})]


@given(st.text(max_size=80))
def test_what_is_shown_has_no_invisible_character(text):
    shown = visible(text)
    assert shown == visible(shown)
    assert all(
        character.isprintable() or character in " \n\t\u3000" or character.isspace()
        for character in shown
    )
    shown.encode("utf-8")  # lone surrogates are gone


def test_direction_changes_and_controls_are_spelled_out():
    assert visible("a\u202eb\u0000c\u200b") == "a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩"
    assert visible("naïve 中文 שלום\n") == "naïve 中文 שלום\n"


def test_elements():
    assert element("br") == "<br>"
    assert element("td", 3, class_="x", aria_label="a & b", hidden=True, title=None) == (
        '<td class="x" aria-label="a &amp; b" hidden>3</td>'
    )
    assert element("p", ["a<b", element("b", "c")], None) == "<p>a&lt;b<b>c</b></p>"


def test_joining_keeps_markup_and_escapes_text():
    assert join([Markup("<i></i>"), "<i>"]) == "<i></i>&lt;i&gt;"
    assert isinstance(join(["a"]), Markup)
