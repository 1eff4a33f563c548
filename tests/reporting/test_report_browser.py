"""The report in a real browser: no console message, no request, nothing that runs or overflows."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from arae.cli import main
from browser import BROWSER, BROWSERS, browse, console, requests, visit_in_silence

HOSTILE = "<script>document.title='owned'</script> <img src=x onerror=alert(1)> \u202enekot \x07"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser found: {', '.join(BROWSERS)}"),
]


@pytest.fixture
def page(make_project):
    project = make_project(examples=["a man is walking .", HOSTILE])
    assert main(project.tabulate_command()) == 0
    assert main(list(project.report_command)) == 0
    return Path("results/report.html").resolve()


def test_page_renders_in_silence(page, tmp_path):
    shown_page = visit_in_silence(page, tmp_path)
    shown = unescape(re.sub(r"<[^>]*>", "", shown_page))
    assert (
        "<script>document.title='owned'</script> <img src=x onerror=alert(1)> ⟨U+202E⟩nekot"
        in shown
    )
    assert shown_page.count("<script") == 1 and "<img" not in shown_page


def test_a_page_that_misbehaves_is_caught(page, tmp_path):
    """The checks above can fail: a script and a remote image make both a message and a request."""
    source = page.read_text(encoding="utf-8")
    bad = page.with_name("bad.html")
    body = "<script>1</script><img src='http://127.0.0.1:9/x.png'></body>"
    bad.write_text(source.replace("</body>", body), encoding="utf-8")
    flags = ("--dump-dom", "--enable-logging=stderr")
    refused = console(browse(bad, tmp_path / "one", *flags))
    assert len(refused) == 2 and all("Content Security Policy" in line for line in refused)
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    bad.write_text(policy.sub("", bad.read_text(encoding="utf-8")), encoding="utf-8")
    log = tmp_path / "net.json"
    browse(bad, tmp_path / "two", *flags, f"--log-net-log={log}")
    assert "http://127.0.0.1:9/x.png" in requests(log)


def with_probe(page, script):
    """A copy of the page that runs one script more and tells its answer in the title."""
    source = page.read_text(encoding="utf-8")
    source = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    copy = page.with_name("probed.html")
    copy.write_text(
        source.replace("</body>", f"<script>document.title = {script}</script></body>"),
        encoding="utf-8",
    )
    return copy


def told(page, folder, script, *flags):
    shown = browse(with_probe(page, script), folder, "--dump-dom", *flags).stdout
    return unescape(re.search(r"<title>(.*?)</title>", shown)[1])


def test_tables_fit_a_phone(page, tmp_path):
    """No table is wider than the window, and nothing scrolls sideways."""
    widths = "[innerWidth, document.documentElement.scrollWidth, ...all('.numbers table, #overview table')"
    widths += ".map((table) => table.scrollWidth)].join(' ')"
    # A headless window cannot be narrower than 500 px; a frame in it can.
    frame = page.with_name("frame.html")
    probed = with_probe(page, f"(parent.postMessage({widths}, '*'), '')")
    frame.write_text(
        f"<title></title><iframe src='{probed.name}' width=390 height=800></iframe>"
        "<script>onmessage = (event) => document.title = event.data</script>"
    )
    shown = browse(frame, tmp_path / "p", "--dump-dom", "--virtual-time-budget=5000").stdout
    window, *found = map(int, re.search(r"<title>(.*?)</title>", shown)[1].split())
    assert window == 390 and len(found) >= 4
    assert max(found) <= window


def test_a_click_sorts_and_words_filter(page, tmp_path):
    script = """(() => {
      const table = all('.numbers table')[0], names = () => all('tbody th', table).map((x) => x.textContent);
      const before = names().join();
      all('thead button', table)[1].click();
      const up = names().join();
      all('thead button', table)[1].click(); const down = names().join();
      all('thead button', table)[1].click();
      const field = all('.samples input')[0];
      field.value = 'WALKING man'; field.dispatchEvent(new Event('input'));
      const left = all('.samples li').filter((item) => !item.hidden);
      return [up, down, names().join() === before, left.length, left[0].textContent].join('|');
    })()"""
    up, down, back, count, first = told(page, tmp_path / "p", script).split("|")
    up, down = (re.sub(r" \(collapsed\)\s*\[\d\]", "", names) for names in (up, down))
    assert up == "Real data,ARAE,LM,AE,AAE" and down == "AAE,AE,LM,ARAE,Real data"
    assert back == "true" and (count, first) == ("5", "a man is walking .")


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_page_paints_at_phone_and_desktop_width(page, tmp_path, width, scheme):
    picture = tmp_path / "page.png"
    browse(
        page,
        tmp_path / "profile",
        f"--screenshot={picture}",
        f"--window-size={width},1400",
        f"--blink-settings=preferredColorScheme={scheme}",
    )
    image = pytest.importorskip("PIL.Image").open(picture).convert("L")
    corner = image.getpixel((2, 2))
    assert corner < 60 if scheme == 0 else corner > 240
    assert len(image.getcolors()) > 50
