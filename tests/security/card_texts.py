"""What people type: texts that hold a card's number, and ordinary ones that look a little like it.

In an ordinary text `#` stands for each of the ten digits, so that none passes by the luck of its
check digit.
"""

from __future__ import annotations

VISA = "4242424242424242"
_GROUPS = ("4242",) * 4

SEPARATED = {
    name: separator.join(_GROUPS)
    for name, separator in {
        "nothing": "",
        "spaces": " ",
        "dashes": "-",
        "slashes": "/",
        "underscores": "_",
        "points": ".",
        "commas": ",",
        "commas and spaces": ", ",
        "line breaks": "\n",
        "line breaks of a form": "\r\n",
        "tabs": "\t",
        "no-break spaces": "\u00a0",
        "thin spaces": "\u2009",
        "zero-width spaces": "\u200b",
        "soft hyphens": "\u00ad",
        "en dashes": "\u2013",
        "middle dots": "\u00b7",
        "pluses": "+",
        "brackets": ") (",
        "colons": ":",
        "pipes": " | ",
        "crosses": "x",
        "words": " and then ",
        "marks of a web page": "<br>",
        "entities": "&nbsp;",
        "numbered entities": "&#160;",
        "escapes of an address": "%20",
        "escapes of a program": "\\n",
        "fillers": "\u3164",
        "escapes of an escape": "%2520",
        "escapes of JSON": "\\u0020",
        "long marks of a web page": '</span><span class="digits group one of four">',
    }.items()
}
CARDS = {
    **SEPARATED,
    "mixed separators": "4242 / 4242_4242,\n4242",
    "single digits": " ".join(VISA),
    "threes, and an expiry date after": "424-242-424-242-424-2 (12/30)",
    "threes of a mail's address": "424.242.424.242.424.2.1230@example.com",
    "an expiry date and a security code glued on": f"{VISA}122030123",
    "another card glued on": f"{VISA}5555555555554444",
    "eights": "42424242xx42424242",
    "fours that are numbered": "1) 4242 2) 4242 3) 4242 4) 4242",
    "fours that are labelled": "Part 1: 4242, part 2: 4242, part 3: 4242, part 4: 4242",
    "fours of a form's fields": "card1=4242&card2=4242&card3=4242&card4=4242",
    "a mail's soft line break": "4242 4242 4242 42=\n42",
    "fours that are lettered": "a. 4242, b. 4242, c. 4242, d. 4242",
    "its last four in words": "4242 4242 4242 (last four: 4242)",
    "its last 4 in words": "424242424242, last 4 digits 4242",
    "its end in words": "4242-4242-4242 ending in 4242",
    "its last four in more words": "4242 4242 4242, the last four digits are 4242",
    "its last five in words": "3782 822463 (last five digits: 10005)",
    "its end in words, written in one": "37828224631 ending 0005",
    "fours that are listed": "4242, 4242, 4242 and 4242",
    "pairs": "-".join(("42",) * 8),
    "pairs, and an expiry date after": "-".join(("42",) * 8) + " 12/30",
    "pairs, and an amount before": "49.50 " + "-".join(("42",) * 8),
    "single digits, and a security code after": " ".join(VISA) + ", 123",
    "a digit a line, and an expiry date after": "\n".join(VISA) + "\n12/30",
    "crosses in American Express": "3782x822463x10005",
    "full-width digits": "".join(chr(ord(digit) + 0xFEE0) for digit in VISA),
    "arabic digits": "".join(chr(ord(digit) + 0x0630) for digit in VISA),
    "superscript digits": "\u2074\u00b2" * 8,
    "circled digits": "\u2463\u2461" * 8,
    "a circled digit before": f"\u2460{VISA}",
    "circled digits between": "4242\u24604242\u24604242\u24604242",
    "a circled digit after": f"{VISA}\u2776",
    "a footnote's mark before": f"\u00b9{VISA}",
    "a footnote's mark between": "4242 4242\u00b2 4242 4242",
    "numbered by a full stop": f"\u2488{VISA}",
    "keycaps": "".join(f"{digit}\ufe0f\u20e3" for digit in VISA),
    "zero-width inside groups": "42\u200b42 4242 42\u200d42 4242",
    "an expiry date before": "12/30 4242/4242/4242/4242",
    "an expiry date after": "4242 4242 4242 4242 12/30 123",
    "a security code glued on": f"{VISA}123",
    "words glued on": f"card{VISA}exp1230",
    "another number before": "ref 99 378282246310005",
    "an amount before": "49.50 4242 4242 4242 4242",
    "American Express": "3782 822463 10005",
    "Mastercard": "5555.5555.5555.4444",
    "Mastercard of the 2 series": "2223-0031-2200-3222",
    "Discover": "6011/1111/1111/1117",
    "Diners": "3056 930902 5904",
    "JCB": "3566_0020_2036_0505",
    "UnionPay of 19 digits": "6205500000000000004",
    "Visa of 13 digits": "4222222222222",
    "no network that is known": "1234 5678 1234 5670",
}
ORDINARY = [
    "",
    "4242",
    "Visa 4242, then Visa 0005",
    "order 100012345678, card ending in 010#",
    "call +41 44 668 18 0#",
    "+1 (415) 555-2671 or +1 (415) 555-267#",
    "+49 151 2345678#",
    "+55 11 91234-567#",
    "+62 812-3456-789#",
    "+86 139 1234 567#",
    "+41 44 668 18 00 / +41 79 123 45 6#",
    "order 7V44B7YWQ2",
    "orders #1000123, #1000124 and #1000125",
    "1000120, 1000121, 100012#",
    "refund 49.50, 12.00, 30.00, 25.0#",
    "$1,234.56 of $240.0#",
    "4,250.00 and 4,250.0#",
    "between 2026-11-25 14:03:22 and 2026-11-26 09:15:0#",
    "4/11/2026 14:30, 4/12/2026 09:1#",
    "2026-11-25T14:03:22.12345#+00:00",
    "txn_0123456789abcdefghjkmnpqr#",
    "pi_3NqXyZ2eZvKYlo2C1a2b3c4#",
    "f47ac10b-58cc-4372-a567-0e02b2c3d47#",
    "10.0.0.1, 192.168.100.200, 172.16.254.#",
    "parcel 1Z999AA1012345678#",
    "parcel 0034043416109401590#",
    "4242424242424241 has a wrong check digit",
    "4242 4242 4242 4241",
    "rooms 101-102-103-104-10#",
    "from 20261125 to 2026112#",
    "seats 1 2 3 4 5 6 7 8 9 10 11 1#",
]


def ordinary_texts() -> list[str]:
    return [
        text.replace("#", digit)
        for text in ORDINARY
        for digit in ("0123456789" if "#" in text else "0")
    ]
