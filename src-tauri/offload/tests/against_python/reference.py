"""What Python says: one question a line, one answer a line, both JSON."""

import json
import math
import re
import sys
from fractions import Fraction


def halves_away(x):
    whole = math.floor(abs(x) + Fraction(1, 2))
    return Fraction(-whole if x < 0 else whole)


NAMES = {
    "F": Fraction,
    "floor": lambda x: Fraction(math.floor(x)),
    "ceil": lambda x: Fraction(math.ceil(x)),
    "round": halves_away,
    "abs": abs,
}


def calculate(text):
    text = re.sub(r"\d[\d,]*(?:\.\d+)?", lambda m: 'F("%s")' % m[0].replace(",", ""), text)
    text = re.sub(r'(F\("[^"]*"\))% of (F\("[^"]*"\))', r"(\1/100*\2)", text)
    text = text.replace("^", "**").replace(" mod ", " % ")
    try:
        value = eval(text, {"__builtins__": {}}, NAMES)
    except ZeroDivisionError:
        return {"error": "zero"}
    return {"above": str(value.numerator), "below": str(value.denominator)}


def told(m):
    return {
        "text": m[0],
        "char_start": m.start(),
        "char_end": m.end(),
        "groups": list(m.groups()),
        "named": m.groupdict(),
    }


def search(ask):
    flags = 0
    for letter in ask["flags"]:
        flags |= {"i": re.I, "m": re.M, "s": re.S}[letter]
    pattern, text, count = re.compile(ask["pattern"], flags), ask["text"], ask["count"]
    first = pattern.search(text)
    every = list(pattern.finditer(text))
    return {
        "first": told(first) if first else None,
        "all": [told(m) for m in every][: count or None],
        "has_empty": any(m[0] == "" for m in every),
        "replaced": pattern.sub(
            lambda m: "[" + m[0] + "|" + ((m[1] or "") if pattern.groups else "") + "$]", text, count=count
        ),
        "parts": pattern.split(text, maxsplit=count) if not pattern.groups else None,
        "groups": pattern.groups,
    }


for line in sys.stdin:
    ask = json.loads(line)
    answer = calculate(ask["calculate"]) if "calculate" in ask else search(ask)
    print(json.dumps(answer), flush=True)
