#!/usr/bin/env python3
"""Writes ordinary.jsonl: prompts as people send them to models. None is a task for a tool.

    python3 make_ordinary.py > ordinary.jsonl

Everything is drawn from the lists below with one seed, so that two runs give the same file. A prompt is a
request of one of the kinds, with what it is about, and at times with something before and behind it. Lines
that share most of their five-word runs with earlier ones are dropped; how varied the rest is, is printed to
standard error.
"""

import json
import random
import re
import sys

WANTED = 5_600
draw = random.Random(20_261_127)
pick = draw.choice

LANGUAGES = """Python Rust Go Java Kotlin C C++ C# TypeScript JavaScript Ruby PHP Swift Haskell Scala Elixir
Perl Lua R Julia Bash OCaml Zig""".split()

PEOPLE = """my landlord|a new colleague|the head of finance|our largest customer|a recruiter|my daughter's teacher|
the city council|an angry subscriber|the whole team|my grandmother|a supplier in Poland|the board|a neighbour|
a volunteer|our dentist|the insurance company|my thesis advisor|a journalist|the band|a former student|the library|
our investors|the new intern|a customer in Osaka|the choir|the hiking group|the maintainer|a beta tester""".replace("\n", "").split("|")

TOPICS = """the causes of the Thirty Years' War|how vaccines train the immune system|the water cycle|black holes|
the difference between TCP and UDP|why bread rises|inflation and interest rates|the plot of Hamlet|photosynthesis|
how a heat pump works|the history of the fork|plate tectonics|how elections work in Switzerland|stoicism|jazz harmony|
the offside rule|tides|supply chains in 2021|the placebo effect|Kant's categorical imperative|quantum entanglement|
how mortgages work|the life of a honey bee|sourdough starters|coral bleaching|the fall of Rome|noise-cancelling headphones|
how compilers optimise loops|the invention of paper|game theory|public key cryptography|the gut microbiome|Byzantine art|
composting|the Antikythera mechanism|why the sky is blue|how airplanes fly|garbage collection in programming languages|
the Silk Road|consensus protocols|the Doppler effect|sleep cycles|how insulin works|Roman roads|the carbon cycle|
lichen|dark matter|the electoral college|how batteries age|database indexes|volcanic soil|the printing press|
how memory works|origami mathematics|the tragedy of the commons|reinforcement learning|tax brackets|glaciers|
how a piano is tuned|the Phoenician alphabet|vertical farming|the Krebs cycle|how bridges carry load|type inference|
the Great Stink of 1858|migratory birds|how to read a balance sheet|the rules of curling|Bayes' theorem|
the architecture of Gaudí|fermentation|monads|how GPS works|urban heat islands|knitting charts|the Marshall Plan""".replace("\n", "").split("|")

AUDIENCES = """a ten-year-old|a nurse|someone who hates maths|a lawyer|a senior engineer|my dad|first-year students|
a busy executive|a pub quiz audience|a gardener|new hires|a sceptic|someone learning English|a retired pilot|
high-school pupils|a product manager|a poet|museum visitors""".replace("\n", "").split("|")

CODE_TASKS = """parses a CSV file with quoted commas|reverses a linked list|finds the longest common prefix of a list of strings|
adds 2 and 2 and prints the sum|retries an HTTP call up to 5 times with backoff|checks whether a string is a palindrome|
computes 15% of a price|merges overlapping intervals|rotates log files larger than 10 MB|converts km to miles|
prints the first 20 primes|implements an LRU cache with capacity 128|validates an IPv4 address such as 10.0.0.1|
counts words in a file|computes sha256 of a file|walks a directory and lists files newer than 7 days|
turns 255 into hex|calculates the days between two dates|encodes a string as base64|evaluates expressions like 3 + 4 * 2|
debounces a function by 300 ms|reads a TOML config|streams a large file in chunks of 64 KiB|solves the 8 queens puzzle|
formats JSON with two spaces|groups orders by customer|finds duplicates in an array|implements binary search|
schedules a job every 15 minutes|renders a 16:9 thumbnail|simulates 1000 coin flips|parses semantic versions such as 1.2.3|
computes the median of a stream|draws a Mandelbrot set|implements a rate limiter of 100 requests a minute|
normalises phone numbers like +1-555-0100|converts Celsius to Fahrenheit|tokenises arithmetic|deep-copies a tree|
diffs two dictionaries|uploads a file with multipart form data|implements quicksort in place|decodes a JWT without verifying it|
generates a UUID|escapes HTML|tails a file|watches a folder for changes|compresses text with run lengths|
computes n factorial recursively|finds the square root with Newton's method|serialises a struct to JSON|
sends an e-mail over SMTP|reads from stdin until EOF|maps 10-20 to a letter grade""".replace("\n", "").split("|")

STYLES = """without external libraries|with unit tests|in at most 20 lines|with error handling|using generics|and explain the complexity|
as a single function|with comments in Spanish|so that it runs in O(n)|for an embedded device with 32 KiB of RAM|
in a functional style|with type hints|and a short README|that passes a strict linter|idiomatically|with async I/O""".replace("\n", "").split("|")

SNIPPETS = [
    "def add(a, b):\n    return a + b\n\nprint(add(2, 2))", "for i in range(10):\n    total += i * {n}\n",
    "fn main() {{\n    let x = {n} + {m};\n    println!(\"{{x}}\");\n}}", "let v: Vec<u32> = (1..={n}).map(|x| x * {m}).collect();",
    "int main(void) {{\n  int a = {n} / {m};\n  printf(\"%d\\n\", a);\n}}", "const total = items.reduce((s, i) => s + i.price * {n}, 0);",
    "SELECT name, price * 1.{n} AS gross FROM products WHERE stock - reserved > {m};", "package main\n\nfunc sum(a, b int) int {{ return a + b - {n} }}",
    "public static double half(int x) {{ return x / {m}.0; }}", "puts (1..{n}).inject(:+)", "<?php echo {n} % {m}; ?>",
    "val area = width * height / {m}", "main = print (sum [1..{n}])", "#!/bin/sh\necho $(( {n} * {m} ))", "x <- c({n}, {m}, 3)\nmean(x) + 2",
    "if (a - b) > {n}:\n    raise ValueError(a // b)", "while (n > 1) {{ n = n % 2 === 0 ? n / 2 : 3 * n + 1; }}",
    "var t = DateTime.Parse(\"2024-0{d}-1{d}\").AddDays({n});", "UPDATE accounts SET balance = balance - {n} WHERE id = {m};",
    "local y = {n} ^ 2 + {m}\nprint(y)", "CREATE TABLE t (id INT, amount NUMERIC(10,2), made DATE DEFAULT '2024-0{d}-01');",
    "awk '{{ s += ${d} }} END {{ print s / {n} }}' data.txt", "kubectl scale deploy/web --replicas={d}", "docker run -p {n}80:80 -m 512m web:1.{d}.{m}",
    "git log --since=2024-0{d}-01 --oneline | wc -l", "\\int_0^{{{n}}} x^{d} \\, dx = \\frac{{{m}}}{{{d}}}", "rsync -av --bwlimit={n}00 src/ 10.0.{d}.{m}:/backup",
]

LOGS = [
    "2024-0{d}-1{e} 0{d}:{n}:{m} ERROR worker-{d} timed out after {n}00 ms (attempt {d}/5)", "[{n}.{m}] kernel: usb {d}-{e}: device descriptor read/64, error -{n}",
    "10.0.{d}.{m} - - [0{d}/May/2024:1{e}:22:{n}] \"GET /api/v{d}/items HTTP/1.1\" 50{d} {n}{m}", "npm ERR! peer react@\">=1{d}.0.0\" from widget@{d}.{e}.{m}",
    "panic: index out of range [{n}] with length {d}", "java.lang.ArithmeticException: / by zero at Invoice.split(Invoice.java:{n}{m})",
    "FATAL: remaining connection slots are reserved ({n} of {n})", "ZeroDivisionError: division by zero in ratio({n}, 0)", "OOMKilled: limit {n}0Mi, used {n}{d}Mi",
    "CI failed: {n} passed, {d} failed in {m}.{e}s", "disk /dev/sda{d} at 9{e}% ({n}.{d}G of {m}{n}G)", "TLS handshake error from 192.168.{d}.{m}:5{n}{m}: EOF",
    "Segmentation fault (core dumped) ./solver --n {n} --eps 1e-{d}", "HTTP 429: retry after {n} s, limit 60/min",
]

PRODUCTS = """a standing desk|a hiking boot|an oat drink|a budgeting app|a folding bike|a coffee grinder|a podcast about ferns|
a dog camera|a rain jacket|a meal kit|a language course|a chess clock|a solar lamp|a sewing pattern|an e-reader|a keyboard with 65 keys|
a climbing gym|a used van|a garden shed|a mindfulness retreat|a paper planner|a noise meter|a bread knife""".replace("\n", "").split("|")

PLACES = """Lisbon|Kyoto|the Faroe Islands|Oaxaca|Tbilisi|Ljubljana|Hanoi|Patagonia|Glasgow|Marrakesh|Tallinn|Quebec City|Naples|
Hobart|Kraków|Chiang Mai|Bologna|the Lofoten|Valparaíso|Leipzig|Cork|Ghent|Fes|Trieste|Bergen""".replace("\n", "").split("|")

DISHES = """lentil soup|ramen|a lemon tart|shakshuka|a risotto|mole|dosa|a rye loaf|gnocchi|pho|a birthday cake|kimchi|a ratatouille|
pierogi|injera|a chickpea curry|paella|banana bread|a miso glaze|goulash|falafel|a tarte flambée|okonomiyaki""".replace("\n", "").split("|")

NAMES = "Mira Tomas Anneke Yusuf Priya Lars Ngozi Elena Wei Ravi Chloé Matteo Ines Kofi Sana Jonas Akira Leila Oskar Bea".split()
THINGS = "apples marbles tickets pencils stickers tomatoes books candles buttons eggs shells coins postcards bricks bottles seeds".split()
ROLES = """a grumpy lighthouse keeper|a medieval tax collector|a patient maths tutor|a spaceship's computer|a detective in 1930s Shanghai|
a goblin accountant|a talk-show host|a museum guide|a strict code reviewer|my rival in a debate|a talking cactus|
a negotiator|a Victorian explorer|a chess grandmaster|a sommelier|a weather presenter|a calculator that lies""".replace("\n", "").split("|")

OPENERS = ["", "", "", "", "", "Hi! ", "Quick one: ", "I'm stuck. ", "Please help. ", "Hello there, ", "For a workshop tomorrow: ", "Not urgent, but ",
           "Context: we are a team of {d}. ", "I have {n} minutes. ", "On a train right now. ", "As discussed, ", "Following up on ticket {n}{m}: ",
           "English is not my first language. ", "This is for homework. ", "Serious question. ", "We use version {d}.{e}.{m}. ", "New topic. "]
CLOSERS = ["", "", "", "", "", " Keep it under {n}0 words.", " Answer in {lang2}.", " Use bullet points.", " No emojis please.", " Show your reasoning.",
           " Be blunt.", " Cite sources where you can.", " Give {d} options.", " Ask me questions first if anything is unclear.", " Thanks!",
           " Reply as JSON with the keys a and b.", " One paragraph, please.", " End with a summary.", " Explain like I'm {n}.", " Also tell me what you would not do."]
OTHER = "German French Spanish Portuguese Polish Dutch Turkish Japanese Korean Arabic Hindi Swahili".split()


def fill(text, **more):
    a, b = draw.randint(11, 59), draw.randint(12, 97)
    known = dict(n=a, m=b, d=draw.randint(2, 9), e=draw.randint(0, 9), lang=pick(LANGUAGES), lang2=pick(OTHER), who=pick(PEOPLE), topic=pick(TOPICS),
                 aud=pick(AUDIENCES), task=pick(CODE_TASKS), style=pick(STYLES), product=pick(PRODUCTS), place=pick(PLACES), dish=pick(DISHES),
                 name=pick(NAMES), name2=pick(NAMES), things=pick(THINGS), role=pick(ROLES), topic2=pick(TOPICS), year=draw.randint(1850, 2025))
    known.update(more)
    return text.format(**known)


KINDS = {
    "code": ["Write a {lang} function that {task} {style}.", "How would you write something in {lang} that {task}?", "In {lang}, what is the cleanest way to get code that {task}?",
             "I need a {lang} script that {task}, {style}.", "Port this idea from {lang} to another language you like: it {task}.", "Review my plan: a {lang} program that {task} {style}.",
             "calculate how long it would take to write a {lang} tool that {task}", "Is {lang} a bad choice for a service that {task}?", "Generate {d} test cases for {lang} code that {task}."],
    "code given": ["What does this {lang} code do?\n\n{snip}", "{snip}\n\nWhy does this fail with input {n}?", "Fix this:\n```\n{snip}\n```", "Rewrite in {lang} {style}:\n\n{snip}",
                   "Find the bug.\n{snip}", "{snip}\nwhat is printed, and why?", "Add tests to\n\n{snip}\n\nfor the edge cases 0 and -{n}.", "```\n{snip}\n```", "{snip}"],
    "logs": ["{log}\nWhat went wrong?", "{log}\n{log2}\n{log3}\n\nSummarise for {who}.", "Since the upgrade to {d}.{e} we see this:\n{log}", "{log}\n{log2}", "Is this harmless? {log}",
             "Group these by cause:\n{log}\n{log2}\n{log3}"],
    "explain": ["Explain {topic} to {aud}.", "What is the connection between {topic} and {topic2}?", "what is {topic}, in the words of {aud}?", "Give me a {n}-minute talk on {topic} for {aud}.",
                "Why do people misunderstand {topic}?", "Compare {topic} with {topic2} in a table.", "How much is known about {topic}?", "How many books have been written on {topic} since {year}?",
                "what's the best introduction to {topic} for {aud}?", "Make {d} flash cards about {topic}.", "Work out a lesson plan on {topic} for {aud}, {n} minutes."],
    "mail": ["Write an e-mail to {who} that our meeting on {d}/{n} moves to {e}:30.", "Draft a polite reminder to {who} about invoice {n}-{m}.", "Make this friendlier: 'Dear {name}, your order {n}{m} is late by {d}-{n} days.'",
             "Decline an invitation from {who} to {place} without hurting anybody.", "Reply to {who}: the price goes up by {n}% from 2025-0{d}-01, sorry.", "Subject: {product}\n\nHi {name},\nwe'd like {n} pieces at {m}.50 each, delivery in {d}-{e}0 days.\nBest, {name2}\n\n-- Answer this for me.",
             "Summarise the thread with {who} about {product} in {d} lines."],
    "word problem": ["{name} has {n} {things} and gives {d} to {name2}. How many are left?", "A train leaves {place} at {d}:{n} with {m} km/h; when does it meet one that left {e} minutes later?",
                     "{name} buys {d} {things} at {m} cents each and pays with a note of {n}. What is the change?", "If {n} people share {m} {things} equally, how many remain?",
                     "Three friends from {place} split a bill of {m}.{n} with a tip of {d}%. What does each pay?", "In {place} {n}% of {m}00 visitors liked {product}. How many did not, and is that significant?",
                     "{name} is {d} years older than {name2}; in {n} years their ages add up to {m}. How old are they?", "A recipe for {dish} serves {d}. I have {n} guests. How much of everything?"],
    "maths": ["Prove that {n}^2 - {d}^2 is divisible by {n} - {d}.", "Is {n}{m} prime? Show how you know.", "What is {n} + {m} in base {d}, and why?", "Simplify ({n}x + {m})/({d}x) and state the domain.",
              "Why is {n} * {m} the same as {m} * {n}? Explain to {aud}.", "Solve {d}x + {n} = {m} step by step.", "what is {n} * {m}? show the long multiplication", "compute {n} mod {d} and explain modular arithmetic to {aud}",
              "Find all integers with x^2 + y^2 = {n}{m}.", "Estimate {n}{m} / {d} in your head; what tricks are there?", "How do I teach {aud} that {n}/{m} is less than 1?", "What is the probability of {d} heads in {n} throws? Derive it.",
              "what is {n}% of {m} and how would {aud} do it without paper"],
    "travel": ["Plan {d} days in {place} for {aud}.", "Is {place} or {place2} nicer in November?", "How many days do I need for {place} with {d} children?", "What should I pack for {place} at {d} to {n} °C?",
               "Cheapest way from {place} to {place2} on 2025-0{d}-1{e}?", "convert my notes on {place} into a packing list: {things}, {n} m of rope", "What time zone is {place} in, and when should I call from {place2}?", "Write a postcard from {place} in {lang2}."],
    "food": ["A recipe for {dish} with {n}0 g of flour, for {d} people.", "What can replace eggs in {dish}?", "How many calories are in {dish}, roughly?", "Scale {dish} from {d} to {n} servings.", "My {dish} burnt after {n} minutes at 180 °C. Why?",
             "convert the recipe for {dish} to cups", "Pair a wine with {dish} for {who}.", "How much is a fair price for {dish} in {place}?"],
    "role": ["You are {role}. Greet {aud} and never break character.", "Act as {role} and explain {topic}.", "Pretend to be {role}; I ask what is {n} + {m} and you dodge the question.", "Play {role} who must sell {product} to {role2}.",
             "Stay in the role of {role}. My first line: '{name}, where are the {n} {things}?'", "From now on you are {role}. What is {topic}?"],
    "text": ["Write a poem of {d} stanzas about {topic} in the voice of {role}.", "A slogan for {product}, {d} variants.", "Continue the story: {name} opened box {n}-{m} and found {things}.", "Give the essay on {topic} a better title.",
             "Translate into {lang2}: '{name} owes {name2} {n} {things}.'", "Correct my grammar: 'He have {n} {things} since {year}.'", "Rewrite for {aud}: '{product} needs {d} minutes and {n}% less water.'", "Count how often {topic} is mentioned in the text I will paste next.",
             "format this for a slide: {topic}, {topic2}, {product}", "Decode the symbolism of {product} in a novel about {place}.", "evaluate this pitch for {product}: '{n}% cheaper, {d} times faster'"],
    "data": ["Which chart fits {n} rows of {things} per year since {year}?", "Here is a table:\nyear,{things}\n{year},{n}\n{year2},{m}\nDescribe the trend.", "id;price;qty\n{n};{m}.50;{d}\n{m};{n}.25;{e}\nTotal per id, as a table with a comment.",
             "SELECT customer, SUM(qty * {d}) FROM orders WHERE made BETWEEN '2024-0{d}-01' AND '2024-1{o}-01' GROUP BY 1; -- why is it slow?", "Write SQL that lists customers from {place} with more than {n} orders in {year}.",
             "Here is my JSON: {{\"id\": {n}, \"tags\": [\"{things}\"], \"by\": \"{name}\"}}. Turn it into a {lang} type.", "Explain the JSON schema for {product} with {d} required fields.", "Clean these phone numbers: 555-01{n}, (555) 01{m}, +1 555 01{n}",
             "Sort by version: 1.{n}.0, 1.{d}.{m}, 2.{e}.0-rc{d}", "My spreadsheet says =SUM(A{d}:A{n})*{m}% and shows #VALUE!. Why?"],
    "follow-up": ["And for {place}?", "No, shorter, for {who}.", "Now the same about {topic}.", "Why {n} and not {m}?", "Times {d}, and then for {n} people?", "Do that again in {lang}.", "You said {n}%, I read {m}%. Who is right?", "Use point {d} of your list, drop {e}.",
                  "and what is that in {lang2}", "Go on from '{things}'.", "Great, now as {role}.", "What about {topic2} then?", "So is it {n}-{m} or {m}-{n}?"],
    "advice": ["Should I tell {who} that I broke {product}?", "How do I ask {who} for {n}% more?", "Is {d} hours a day too much for {product}?", "I have {n}0 euros a month for {product}. Worth it?", "My {product} is {year} vintage; sell or keep?",
               "What questions will {who} ask about {topic}?", "Pros and cons of moving to {place} with {d} cats.", "How many {things} is too many {things}?", "Compute the odds that {who} reads my mail before {d}:{n}."],
    "German": ["Erkläre mir {topicx} in {d} Sätzen.", "Schreibe eine E-Mail an {name}: der Termin am {n}. Mai fällt aus.", "Was ist {n} mal {m}, und wie rechnet man das im Kopf?", "Wie viele {thingsx} braucht man für {d} Personen?", "Übersetze ins Englische: „{name} hat {n} Minuten gewartet.“",
               "Was kostet eine Reise nach {place} für {d} Leute?", "Warum gibt mein {lang}-Programm {n} statt {m} aus?", "Rechne {n} km in Meilen um und erkläre die Formel.", "Plane ein Wochenende in {place} mit {name}.", "Welche Fragen stellt {name} im Gespräch über {topicx}?"],
    "French": ["Explique {topicx} à {name} en {d} phrases.", "Combien font {n} fois {m}, et pourquoi ?", "Rédige un courriel à {name} : la réunion passe à {d} h {n}.", "Quels sont les meilleurs quartiers de {place} pour {d} jours ?", "Corrige : « Il a {n} ans depuis {year} »",
               "Écris une fonction {lang} qui additionne {n} et {m}.", "Convertis {n} km en miles et montre le calcul.", "Que penser de {topicx} en {year} ?"],
    "Spanish": ["Explica {topicx} para {name} en {d} frases.", "¿Cuánto es {n} por {m} y cómo se calcula?", "Escribe un correo a {name}: el pedido {n}-{m} llega tarde.", "¿Qué ver en {place} en {d} días?", "Traduce: «{name} tiene {n} libros y regala {d}».",
                "¿Por qué mi código en {lang} devuelve {n}?", "Convierte {n} km a millas paso a paso.", "Dame {d} ideas para regalar a {name} en {place}."],
    "Chinese": ["请用{d}句话解释{zh}。", "{n}乘以{m}等于多少？请写出步骤。", "帮我写一封邮件给{name}，会议改到{d}点{n}分。", "用{lang}写一个函数，计算{n}和{m}的和。", "去{place}玩{d}天怎么安排？", "把这句话翻译成英文：{name}有{n}本书。", "{zh}和{zh2}有什么区别？", "{n}公里是多少英里？为什么？"],
    "Japanese": ["{ja}を{d}文で説明してください。", "{n}かける{m}はいくつですか。計算の仕方も教えて。", "{name}さんに会議が{d}時{n}分に変わったとメールを書いて。", "{lang}で{n}と{m}を足す関数を書いて。", "{place}で{d}日間の旅程を作って。", "{ja}と{ja2}の違いは？", "{n}kmは何マイルですか、理由も。"],
    "Arabic": ["اشرح {ar} في {d} جمل.", "كم يساوي {n} ضرب {m} ولماذا؟", "اكتب رسالة إلى {name} بأن الاجتماع الساعة {d}.", "اكتب دالة بلغة {lang} تجمع {n} و {m}.", "ماذا أزور في {place} خلال {d} أيام؟", "ما الفرق بين {ar} و {ar2}؟"],
    "Russian": ["Объясни, что такое {ru}, в {d} предложениях.", "Сколько будет {n} умножить на {m} и почему?", "Напиши письмо {name}: встреча в {d}:{n}.", "Напиши функцию на {lang}, которая складывает {n} и {m}.", "Что посмотреть в {place} за {d} дня?", "Чем {ru} отличается от {ru2}?"],
    "Hindi": ["{hi} को {d} वाक्यों में समझाइए।", "{n} गुणा {m} कितना होता है और क्यों?", "{name} को ईमेल लिखो कि बैठक {d} बजे है।", "{lang} में {n} और {m} जोड़ने वाला फ़ंक्शन लिखो।", "{place} में {d} दिन कैसे बिताएँ?", "{hi} और {hi2} में क्या अंतर है?"],
}
EXTRA = {
    "topicx": ["Inflation", "Photosynthese", "TCP", "Stoa", "jazz", "la fermentation", "Kant", "GPS", "los volcanes", "el ajedrez", "les marées", "Monaden", "das Grundgesetz", "la photosynthèse", "la inflación"],
    "thingsx": ["Eier", "Äpfel", "Stühle", "Kerzen", "Handtücher", "Brötchen"],
    "zh": ["光合作用", "通货膨胀", "黑洞", "区块链", "丝绸之路", "相对论", "机器学习", "茶道", "潮汐", "疫苗"], "ja": ["光合成", "俳句", "量子力学", "円安", "茶道", "火山", "暗号", "潮の満ち引き", "落語"],
    "ar": ["التضخم", "الثقوب السوداء", "الخط العربي", "التمثيل الضوئي", "طريق الحرير", "اللقاحات", "الزلازل"], "ru": ["инфляция", "фотосинтез", "чёрная дыра", "рекурсия", "шёлковый путь", "вакцина", "прилив"],
    "hi": ["प्रकाश संश्लेषण", "महंगाई", "ब्लैक होल", "शतरंज", "मानसून", "टीका", "ज्वार"],
}


def prompt(kind):
    more = {key: pick(values) for key, values in EXTRA.items()}
    more |= {key + "2": pick(EXTRA[key]) for key in ("zh", "ja", "ar", "ru", "hi")}
    more |= dict(snip=fill(pick(SNIPPETS)), log=fill(pick(LOGS)), log2=fill(pick(LOGS)), log3=fill(pick(LOGS)), place2=pick(PLACES), role2=pick(ROLES), year2=draw.randint(1990, 2025), o=pick("012"))
    text = fill(pick(KINDS[kind]), **more)
    if kind in ("German", "French", "Spanish", "Chinese", "Japanese", "Arabic", "Russian", "Hindi", "code given", "logs", "follow-up", "mail"):
        return text
    opener, closer = fill(pick(OPENERS)), fill(pick(CLOSERS))
    text = opener + (text if not opener.endswith((", ", "but ")) else text[0].lower() + text[1:]) + closer
    return draw.choices([text, text.lower(), text.rstrip(".?!")], [8, 1, 1])[0]


def runs(text):
    words = re.findall(r"[\w\u0900-\u097f]+|[^\w\s]", text)
    return {tuple(words[at:at + 5]) for at in range(max(1, len(words) - 4))}


kept, seen, texts, total, tries = [], set(), set(), 0, 0
kinds = sorted(KINDS)
while len(kept) < WANTED and tries < 60 * WANTED:
    tries += 1
    kind = kinds[tries % len(kinds)]
    text = prompt(kind)
    new = runs(text)
    if text in texts or len(new - seen) * 2 < len(new):
        continue
    texts.add(text)
    seen |= new
    total += len(new)
    kept.append({"category": kind, "text": text})
for line in kept:
    print(json.dumps(line, ensure_ascii=False))
shares = {kind: sum(1 for line in kept if line["category"] == kind) for kind in kinds}
print(f"{len(kept)} prompts of {len(kinds)} kinds, {len(seen)} distinct five-word runs of {total} ({100 * len(seen) / total:.1f} %)", file=sys.stderr)
print(shares, file=sys.stderr)
