"""The page: everything in the file, everything escaped, every picture well-formed."""

import re
from html.parser import HTMLParser
from xml.dom.minidom import parseString

from decision_service.cli.impact_page import impact_page

FOUND = {
    "release": "releases/x@1.0.0 <script>alert(1)</script>",
    "digest": "sha256:00",
    "decisions": 3,
    "unchanged": 1,
    "verdicts_changed": 1,
    "failed": 1,
    "flips": [
        {"before": "APPROVED", "after": "REFERRED", "orders": "4", "value": 100.0},
        {"after": "APPROVED", "orders": "1", "value": 5.0},
    ],
    "figures": [
        {"name": "spend", "unit": "money", "before": 100.0, "after": 90.0},
        {"name": "exceptions", "after": 2.0},
    ],
    "worst": [
        {
            "decision": "decisions/1",
            "request_id": "<b>&",
            "verdict_before": "APPROVED",
            "problem": 'lane "x" <gone>',
        },
        {
            "decision": "decisions/2",
            "verdict_before": "APPROVED",
            "verdict_after": "REFERRED",
            "flipped": "4",
            "spend_change": -10.0,
            "service_change": -0.01,
        },
    ],
}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_holds_everything_and_fetches_nothing():
    """
    No script, no link, no image from elsewhere; names as they are, escaped.
    """
    tags = Tags()
    tags.feed(impact_page(FOUND))
    names = {tag for tag, _ in tags.tags}

    assert set() == names & {"script", "link", "img", "iframe", "b onclick"}
    assert not [a for _, a in tags.tags if "href" in a or "src" in a]
    for shown in ("<script>alert(1)</script>", "<b>&", 'lane "x" <gone>', "decisions/2", "-10.00", "-1.00%"):
        assert shown in tags.text


def test_every_picture_is_well_formed():
    """
    Orders then and now, change of the figures, change of spend.
    """
    pictures = re.findall(r"<svg.*?</svg>", impact_page(FOUND), re.DOTALL)

    assert 3 == len(pictures)
    for picture in pictures:
        assert parseString(picture).documentElement.getAttribute("aria-label")


def test_a_report_without_decisions_is_a_page_too():
    """
    Nothing to compare: no picture, no error.
    """
    page = impact_page({"release": "x"})

    assert "<svg" not in page
    assert page.endswith("</html>\n")
