#!/usr/bin/env python3
"""Writes tasks.jsonl: requests that are to be recognised, with what the tool is to be asked.

    python3 make_tasks.py > tasks.jsonl

What is expected is put together here beside the request, not by the recogniser. Where Python can work out the
exact answer it stands in `answer`, and a test compares it with what the calculator makes of the expression.
"""

import json
import random
from fractions import Fraction
from math import factorial

draw = random.Random(41)
tasks, seen = [], set()


def task(text, tool, arguments, answer=None):
    if text in seen:
        return
    seen.add(text)
    line = {"text": text, "tool": tool, "arguments": arguments}
    if answer is not None:
        line["answer"] = answer
    tasks.append(line)


def plain(value):
    """A fraction as the calculator writes it, where its decimals end."""
    value = Fraction(value)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or value.denominator > 10**8:
        return None
    text = f"{value.numerator * 10**9 // value.denominator:d}"
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, part = text.zfill(10)[:-9], text.zfill(10)[-9:].rstrip("0")
    return sign + whole + ("." + part if part else "")


def sum_of(text, expression, python=None):
    exact = "".join(f"Fraction('{t}')" if t[0].isdigit() else t for t in (python or expression).replace("^", "**").replace("(", " ( ").replace(")", " ) ").split()) if "**" not in (python or expression).replace("^", "**") else None
    answer = plain(eval(exact)) if exact and "sqrt" not in exact and "!" not in exact else None
    task(text, "calculator", {"expression": expression}, answer)


LEADS = ["what is ", "What is ", "what's ", "What’s ", "Whats ", "WHAT IS ", "please "]
ORDERS = ["calculate ", "Calculate ", "compute ", "Compute: ", "evaluate ", "how much is ", "How much is ", "work out ", "please calculate ", "can you compute ",
          "Could you please calculate ", "what is the result of ", "What's the value of ", "what is the answer to ", "Calculate: "]
TAILS = ["", "?", " ?", " =", "=", " = ?", "=?", ".", ", please", " please", " please?", "? please", "? Thanks!", "??"]
SIGNS = [("+", "+"), ("-", "-"), ("*", "*"), ("×", "*"), ("÷", "/"), ("−", "-"), ("·", "*")]


def number():
    kind = draw.randrange(6)
    if kind == 0:
        text = f"{draw.randint(2, 9)}"
    elif kind == 1:
        text = f"{draw.randint(100, 99999)}"
    elif kind == 2:
        text = f"{draw.randint(0, 99)}.{draw.randint(1, 9)}{draw.choice('1234')}"
    else:
        text = f"{draw.randint(10, 99)}"
    return text


# Sums and products of two, with and without blanks, asked for in every way.
for at in range(230):
    a, b = number(), number()
    sign, means = SIGNS[at % len(SIGNS)]
    gap = " " if at % 3 or sign in "-−×·" else ""
    lead = draw.choice(LEADS[:6] + ORDERS)
    sum_of(f"{lead}{a}{gap}{sign}{gap}{b}{draw.choice(TAILS)}", f"{a} {means} {b}")
# Without a word.
for a, b in [(2, 2), (7, 5), (12, 30), (250, 199), (1024, 17), (8, 80), (99, 1), (3, 4), (64, 36), (500, 45)]:
    sum_of(f"{a}+{b}", f"{a} + {b}")
    sum_of(f"{a} + {b}", f"{a} + {b}")
    sum_of(f"{a}*{b}", f"{a} * {b}")
    sum_of(f"{a} * {b} =", f"{a} * {b}")
    sum_of(f"{a}-{b}=", f"{a} - {b}")
    sum_of(f"{a} / {b} = ?", f"{a} / {b}")
    sum_of(f"{a} × {b} =", f"{a} * {b}")
    sum_of(f"{a}÷{b}", f"{a} / {b}")
    sum_of(f"  {a}+{b}\n", f"{a} + {b}")
# Longer ones, with parentheses.
for at in range(120):
    a, b, c, d = (number() for _ in range(4))
    shapes = [(f"({a} + {b}) * {c}",) * 2, (f"{a}*({b}-{c})", f"{a} * ({b} - {c})"), (f"{a} + {b} - {c} + {d}",) * 2, (f"({a}+{b})/({c}+{d})", f"({a} + {b}) / ({c} + {d})"),
              (f"{a} * {b} + {c} * {d}",) * 2, (f"(({a} + {b}) * {c}) - {d}",) * 2, (f"{a}+{b}*{c}", f"{a} + {b} * {c}"), (f"{a} * -{b} + {c}",) * 2,
              (f"{a} - ({b} - ({c} - {d}))",) * 2, (f"2 * (-{a} + {b})",) * 2, (f"{a} ÷ {b} × {c}", f"{a} / {b} * {c}"), (f"{a}*{b}*{c}", f"{a} * {b} * {c}")]
    written, means = shapes[at % len(shapes)]
    lead = draw.choice(["", "", "what is ", "What's ", "calculate ", "how much is "])
    sum_of(lead + written + draw.choice(TAILS), means, means.replace("-", " - "))
# Single `-` and `/`, where the words leave no doubt.
for a, b in [(10, 3), (9, 4), (1, 2), (22, 7), (100, 8), (365, 7), (144, 12), (81, 9)]:
    sum_of(f"calculate {a}/{b}", f"{a} / {b}")
    sum_of(f"compute {a}-{b}?", f"{a} - {b}")
    sum_of(f"how much is {a} / {b}", f"{a} / {b}")
    sum_of(f"what is {a} - {b}?", f"{a} - {b}")
    sum_of(f"what is {a}/{b} =", f"{a} / {b}")
for a, b in [(144, 12), (1000, 8), (365, 7), (250, 4)]:
    sum_of(f"what is {a} / {b}?", f"{a} / {b}")
# In words.
for a, b in [(7, 8), (12, 12), (100, 37), (45, 9), (250, 4), (81, 3)]:
    for word, means in [("plus", "+"), ("minus", "-"), ("times", "*"), ("multiplied by", "*"), ("divided by", "/")]:
        sum_of(f"what is {a} {word} {b}?", f"{a} {means} {b}")
    sum_of(f"how much is {a} times {b} times 2", f"{a} * {b} * 2")
    sum_of(f"calculate {a} x {b}", f"{a} * {b}")
    sum_of(f"{a} plus {b} =", f"{a} + {b}")
    task(f"what is the sum of {a} and {b}?", "calculator", {"expression": f"{a} + {b}"}, str(a + b))
    task(f"what's the product of {a} and {b}", "calculator", {"expression": f"{a} * {b}"}, str(a * b))
# Powers, roots, remainders, factorials.
for a, b in [(2, 10), (3, 7), (10, 6), (7, 2), (2, 64), (12, 3), (5, 5), (1.5, 2)]:
    answer = plain(Fraction(str(a)) ** b)
    for text in (f"{a}^{b}", f"what is {a}**{b}?", f"{a} ^ {b}", f"compute {a} ** {b}", f"what is {a} to the power of {b}?", f"how much is {a} raised to the power of {b}"):
        task(text, "calculator", {"expression": f"{a}^{b}"}, answer)
    task(f"what is ({a}^{b}) * 2", "calculator", {"expression": f"({a}^{b}) * 2"}, plain(2 * Fraction(str(a)) ** b))
for root in (2, 3, 12, 25, 40):
    square, cube = root**2, root**3
    for text in (f"sqrt({square})", f"what is sqrt({square})?", f"√{square}", f"what's the square root of {square}?", f"square root of {square} = ?", f"Calculate the square root of {square}", f"√({square})"):
        task(text, "calculator", {"expression": f"sqrt({square})"}, str(root))
    task(f"what is the cube root of {cube}?", "calculator", {"expression": f"cbrt({cube})"}, None)
    task(f"what is sqrt({square}) + 1", "calculator", {"expression": f"sqrt({square}) + 1"}, str(root + 1))
    task(f"what is {root} squared?", "calculator", {"expression": f"{root}^2"}, str(square))
    task(f"what is {root} cubed", "calculator", {"expression": f"{root}^3"}, str(cube))
for a, b in [(17, 5), (100, 7), (12, 12), (1000, 9)]:
    for text in (f"what is {a} mod {b}?", f"{a} mod {b} =", f"calculate {a} mod {b}"):
        task(text, "calculator", {"expression": f"{a} mod {b}"}, str(a % b))
for n in (3, 5, 10, 20):
    for text in (f"what is {n}!", f"what is {n}!?", f"calculate {n}!", f"what is {n} factorial?", f"what's the factorial of {n}?"):
        task(text, "calculator", {"expression": f"{n}!"}, str(factorial(n)))
    task(f"what is {n}! - 1", "calculator", {"expression": f"{n}! - 1"}, str(factorial(n) - 1))
# Percent.
for a, b in [("15", "80"), ("20", "50"), ("7.5", "200"), ("12", "1,250"), ("100", "42"), ("0.5", "10,000.50"), ("33", "99"), ("250", "12")]:
    clean = b.replace(",", "")
    answer = plain(Fraction(a) / 100 * Fraction(clean))
    for text in (f"{a}% of {b}", f"what is {a}% of {b}?", f"{a} percent of {b}", f"What's {a} percent of {b}?", f"calculate {a} % of {b}", f"how much is {a} per cent of {b}", f"{a}% of {b} = ?"):
        task(text, "calculator", {"expression": f"{a} / 100 * {clean}"}, answer)
# Thousands.
for text, expression in [("what is 1,250 * 4?", "1250 * 4"), ("1,234,567 + 1", "1234567 + 1"), ("1,234.50 * 2", "1234.50 * 2"), ("calculate 12,000 - 1,500", "12000 - 1500"), ("how much is 1,000,000 / 8", "1000000 / 8"),
                         ("what is 2.125 * 8", "2.125 * 8"), ("0.125 * 8", "0.125 * 8"), (".5 * 8", "0.5 * 8"), ("what is 0.1 + 0.2?", "0.1 + 0.2"), ("0.1 + 0.2", "0.1 + 0.2")]:
    sum_of(text, expression)
# Units.
UNITS = [("km", "miles", "km", "miles"), ("kilometers", "miles", "km", "miles"), ("miles", "km", "miles", "km"), ("cm", "inches", "cm", "inches"), ("feet", "meters", "feet", "m"), ("ft", "m", "feet", "m"), ("kg", "pounds", "kg", "pounds"),
         ("lbs", "kg", "pounds", "kg"), ("ounces", "grams", "ounces", "g"), ("metric tons", "kg", "tonnes", "kg"), ("hours", "minutes", "hours", "minutes"), ("weeks", "days", "weeks", "days"), ("km/h", "mph", "km/h", "mph"), ("mph", "km/h", "mph", "km/h"),
         ("knots", "kilometers per hour", "knots", "km/h"), ("m/s", "km/h", "m/s", "km/h"), ("acres", "hectares", "acres", "hectares"), ("square meters", "square feet", "m^2", "feet^2"), ("liters", "ml", "liters", "ml"),
         ("cubic meters", "litres", "m^3", "liters"), ("GiB", "MiB", "GiB", "MiB"), ("KiB", "bytes", "KiB", "bytes"), ("bytes", "bits", "bytes", "bits"), ("bar", "psi", "bar", "psi"), ("kWh", "joules", "kWh", "joules"), ("nautical miles", "km", "nautical_miles", "km")]
for one, other, written, into in UNITS:
    for n in (5, draw.randint(11, 900), f"{draw.randint(1, 9)}.5"):
        expression = {"expression": f"{n} {written} to {into}"}
        task(f"convert {n} {one} to {other}", "calculator", expression)
        task(draw.choice([f"{n} {one} in {other}", f"What is {n} {one} in {other}?", f"how much is {n} {one} in {other}?", f"Please convert {n} {one} into {other}.", f"how many {other} are in {n} {one}?", f"how many {other} in {n} {one}"]), "calculator", expression)
for text, expression, answer in [("how many feet are in a mile?", "1 miles to feet", "5280 feet"), ("how many inches in a foot", "1 feet to inches", "12 inches"), ("How many seconds are there in an hour?", "1 hours to seconds", "3600 seconds"), ("how many ounces in one pound?", "1 pounds to ounces", "16 ounces"),
                                 ("5km in miles", "5 km to miles", None), ("10kg to lbs", "10 kg to pounds", None), ("convert 100 °C to °F", "100 °C to °F", "212 °F"), ("convert -40 °C to °F", "-40 °C to °F", "-40 °F"), ("convert 100 C to F", "100 °C to °F", "212 °F"),
                                 ("what is 212 °F in °C?", "212 °F to °C", "100 °C"), ("what is 20 degrees celsius in fahrenheit", "20 °C to °F", "68 °F"), ("what is 68 F in C?", "68 °F to °C", "20 °C"), ("25 celsius in fahrenheit", "25 °C to °F", "77 °F"), ("convert 0 °C to kelvin", "0 °C to kelvin", "273.15 kelvin"),
                                 ("how many minutes are in 24 hours", "24 hours to minutes", "1440 minutes"), ("how many bytes in a KiB", "1 KiB to bytes", "1024 bytes")]:
    task(text, "calculator", {"expression": expression}, answer)
# Bases.
for n in (255, 10, 4096, 77):
    for word, base in [("hex", "hex"), ("hexadecimal", "hex"), ("binary", "binary"), ("octal", "octal")]:
        if n != 10 or base == "binary":
            answer = {"hex": f"{n:x}", "binary": f"{n:b}", "octal": f"{n:o}"}[base]
            task(f"{n} in {word}", "calculator", {"expression": f"{n} to {base}"}, answer)
            task(f"convert {n} to {word}", "calculator", {"expression": f"{n} to {base}"}, answer)
            task(f"what is {n} in {word}?", "calculator", {"expression": f"{n} to {base}"}, answer)
    for text, written in [(f"0x{n:x} in decimal", f"0x{n:x}"), (f"what is 0b{n:b} in decimal?", f"0b{n:b}"), (f"convert 0o{n:o} to decimal", f"0o{n:o}"), (f"convert binary {n:b} to decimal", f"0b{n:b}"), (f"convert {n:x} from hex to decimal", f"0x{n:x}")]:
        task(text, "calculator", {"expression": f"{written} to decimal"}, str(n))
# Without a lead, where nothing else is meant.
for text, expression, answer in [("square root of 49", "sqrt(49)", "7"), ("cube root of 27", "cbrt(27)", None), ("2 to the power of 8", "2^8", "256"), ("84 divided by 12", "84 / 12", "7"), ("150 minutes to hours", "150 minutes to hours", "2.5 hours"),
                                 ("100 F to C", "100 °F to °C", None), ("3 days to hours", "3 days to hours", "72 hours"), ("86 °F to °C", "86 °F to °C", "30 °C")]:
    task(text, "calculator", {"expression": expression}, answer)
# Dates and times.
for a, b in [("2024-01-01", "2024-03-01"), ("2023-12-24", "2024-12-24"), ("1999-12-31", "2000-01-01"), ("2025-03-15", "2025-02-15")]:
    for text in (f"days between {a} and {b}", f"how many days between {a} and {b}?", f"How many days are there between {a} and {b}", f"what is the number of days between {a} and {b}?", f"number of days between {a} and {b}"):
        task(text, "calculator", {"expression": f"{max(a, b)} - {min(a, b)}"})
for day in ("2024-02-29", "1969-07-20", "2026-11-27"):
    for text in (f"what day of the week is {day}?", f"What day of the week was {day}", f"which weekday is {day}", f"what weekday will be {day}?"):
        task(text, "time", {"action": "describe", "time": day})
for zone in ("Europe/Berlin", "America/New_York", "Asia/Tokyo"):
    for text in (f"2024-05-06 14:00 UTC in {zone}", f"what is 2024-05-06 14:00Z in {zone}?"):
        task(text, "time", {"action": "convert", "time": "2024-05-06T14:00:00Z", "zone": zone})
# Texts in quotes.
for said in ("hello", "hello world", "", "Grüße, Welt!", "2 + 2 = 4", "it's", "日本"):
    for name, algorithm in [("sha256", "sha256"), ("SHA-256", "sha256"), ("md5", "md5"), ("sha-1", "sha1"), ("SHA512", "sha512"), ("sha384", "sha384"), ("blake3", "blake3")]:
        task(f"{name} of \"{said}\"", "hash", {"algorithm": algorithm, "text": said})
    task(f"what is the sha256 hash of “{said}”?", "hash", {"algorithm": "sha256", "text": said})
    task(f"compute the MD5 checksum of `{said}`", "hash", {"algorithm": "md5", "text": said})
    task(f"hash \"{said}\" with sha256", "hash", {"algorithm": "sha256", "text": said})
    for text in (f"base64 encode \"{said}\"", f"base64-encode: \"{said}\"", f"encode \"{said}\" in base64", f"Please encode `{said}` as base64."):
        task(text, "encode", {"action": "encode", "form": "base64", "text": said})
    task(f"hex encode \"{said}\"", "encode", {"action": "encode", "form": "hex", "text": said})
for coded in ("aGVsbG8=", "SGVsbG8sIFdvcmxkIQ=="):
    for text in (f"base64 decode \"{coded}\"", f"decode \"{coded}\" from base64", f"Base64 decode: `{coded}`"):
        task(text, "encode", {"action": "decode", "form": "base64", "text": coded})
# JSON.
for document in ('{"a": 1}', '[1, 2, {"b": null}]', '{"name": "Mira",\n "tags": ["x", "y"]}', '{"n": 12345678901234567890.123}'):
    for lead in ("format this json: ", "Format this JSON:\n", "pretty-print this json: ", "Please prettify the following JSON:\n\n"):
        task(lead + document, "convert", {"text": document, "from": "json", "to": "json", "style": "pretty"})
    task("minify this json: " + document, "convert", {"text": document, "from": "json", "to": "json", "style": "compact"})

for line in tasks:
    print(json.dumps(line, ensure_ascii=False))
