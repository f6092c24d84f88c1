"""The colours of page and pictures, for light and for dark.

Pictures are drawn in the light colours, which suits a tracking server; inlined in the page each
becomes the custom property of the same name, so that a picture follows the page into the dark.
"""

LIGHT = {
    "paper": "#fcfbf8",
    "surface": "#f3f0e9",
    "ink": "#1c2125",
    "muted": "#5b636a",
    "line": "#dcd7cb",
    "accent": "#0b5f6b",
    "accent-soft": "#b9d5d7",
    "warm": "#a5461c",
    "warm-soft": "#edcfbf",
}
DARK = {
    "paper": "#13171a",
    "surface": "#1c2226",
    "ink": "#eae7e0",
    "muted": "#a3abb1",
    "line": "#363e44",
    "accent": "#62c4cf",
    "accent-soft": "#2a5158",
    "warm": "#f19c74",
    "warm-soft": "#5c3a2a",
}
# what text and marks are made of; the others are grounds and hairlines
TEXT = ("ink", "muted", "accent", "warm")
