//! What the doctor asks, before a dialect puts it into words.
//!
//! Promises: short questions with short answers, so that an examination costs cents at most; one
//! long beginning, for the check of the cache alone.

use serde_json::{Value, json};

/// The most tokens of an answer: enough for a model that thinks before a word.
pub(super) const MOST_TOKENS: u32 = 1024;
/// The same when thinking is asked for.
pub(super) const MOST_THINKING_TOKENS: u32 = 3072;
/// The smallest budget that Anthropic takes.
pub(super) const THINKING_BUDGET: u32 = 1024;

/// A request in no dialect yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    /// Comes first, and may be cached.
    pub(super) beginning: Option<String>,
    pub(super) turns: Vec<Turn>,
    pub(super) tools: &'static [Tool],
    /// The answer is to follow the schema.
    pub(super) schema: bool,
    pub(super) thinking: Option<HowToThink>,
    pub(super) stream: bool,
}

/// How Anthropic's models are asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HowToThink {
    /// With a budget.
    Budget,
    /// As much as they like.
    Adaptive,
}

#[derive(Debug, Clone)]
pub(super) enum Turn {
    User(String),
    /// What the model said, handed back as its client got it.
    Model(Vec<Value>),
    /// What its calls brought.
    Results(Vec<(Called, String)>),
}

/// A call that a model made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Called {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
}

pub(super) static WEATHER: [Tool; 1] = [Tool {
    name: "get_weather",
    about: "Tells the weather in a city.",
}];

pub(super) static BOTH: [Tool; 2] = [
    Tool {
        name: "get_weather",
        about: "Tells the weather in a city.",
    },
    Tool {
        name: "get_local_time",
        about: "Tells the time of day in a city.",
    },
];

impl Question {
    pub(super) fn of(text: &str) -> Question {
        Question {
            turns: vec![Turn::User(text.to_owned())],
            ..Question::default()
        }
    }

    pub(super) fn short() -> Question {
        Question::of("Which city is the capital of Portugal? Answer in one short sentence.")
    }

    pub(super) fn streamed(self) -> Question {
        Question {
            stream: true,
            ..self
        }
    }

    pub(super) fn one_tool() -> Question {
        Question {
            tools: &WEATHER,
            ..Question::of("What is the weather in Lisbon? Call the tool get_weather to find out.")
        }
    }

    pub(super) fn two_tools() -> Question {
        Question {
            tools: &BOTH,
            ..Question::of(
                "What is the weather in Lisbon, and what time is it there? Call both tools, \
                 get_weather and get_local_time, at once in this turn.",
            )
        }
    }

    pub(super) fn thoughtful(how: HowToThink) -> Question {
        Question {
            tools: &WEATHER,
            thinking: Some(how),
            ..Question::of(
                "Is 9173 divisible by 7? Think about it, then call the tool get_weather for \
                 Lisbon if it is not, and for Oslo if it is.",
            )
        }
    }

    pub(super) fn with_schema() -> Question {
        Question {
            schema: true,
            ..Question::of(
                "Describe Lisbon as JSON: its name, its inhabitants in thousands, and whether it \
                 lies by the sea.",
            )
        }
    }

    /// About 4,500 tokens of beginning: the vendors' least for a cached prefix is 1,024 to 4,096.
    /// `mark` makes it new to every cache.
    pub(super) fn with_long_beginning(mark: u64) -> Question {
        let mut beginning = format!("Notes on the stations of line {mark}.\n");
        for number in 1..=180 {
            beginning.push_str(&format!(
                "Station {number}: platform {}, signal box {}, opened in {}, closed for repairs \
                 on day {} of each year.\n",
                number % 7 + 1,
                number % 11 + 1,
                1850 + number,
                number * 2,
            ));
        }
        Question {
            beginning: Some(beginning),
            ..Question::of("In which year was station 3 opened? Answer with the year alone.")
        }
    }

    /// The same conversation with the model's turn and what its calls brought. Without a call, the
    /// user says something more.
    pub(super) fn going_on(&self, said: Vec<Value>, calls: &[Called]) -> Question {
        let mut next = self.clone();
        next.stream = false;
        next.turns.push(Turn::Model(said));
        next.turns.push(match calls {
            [] => Turn::User("Thank you. Now say goodbye in one short sentence.".to_owned()),
            calls => Turn::Results(
                calls
                    .iter()
                    .map(|call| (call.clone(), result_of(&call.name).to_owned()))
                    .collect(),
            ),
        });
        next
    }

    pub(super) fn most_tokens(&self) -> u32 {
        match self.thinking {
            Some(_) => MOST_THINKING_TOKENS,
            None => MOST_TOKENS,
        }
    }
}

fn result_of(tool: &str) -> &'static str {
    match tool {
        "get_local_time" => "10:45 in the morning",
        _ => "21 degrees and sunny",
    }
}

impl Tool {
    /// JSON Schema of its arguments: one city.
    pub(super) fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {"city": {"type": "string", "description": "The city's name"}},
            "required": ["city"],
            "additionalProperties": false,
        })
    }

    /// What is wrong with the arguments of a call, if anything is.
    pub(super) fn misfit(call: &Called) -> Option<String> {
        let fields = match &call.arguments {
            Value::Object(fields) => fields,
            other => return Some(format!("its arguments are no object: {}", short(other))),
        };
        match fields.get("city") {
            Some(Value::String(city)) if !city.is_empty() => {}
            _ => return Some("its arguments lack `city`, which the schema requires".to_owned()),
        }
        let strange = fields.keys().find(|key| *key != "city")?;
        Some(format!(
            "its arguments hold `{strange}`, which the schema does not know"
        ))
    }
}

/// The schema of the answer.
pub(super) fn answer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "thousands": {"type": "integer"},
            "by_the_sea": {"type": "boolean"},
        },
        "required": ["name", "thousands", "by_the_sea"],
        "additionalProperties": false,
    })
}

/// What is wrong with an answer after [`answer_schema`], if anything is. Written out by hand: one
/// fixed schema needs no validator.
pub(super) fn against_schema(text: &str) -> Option<String> {
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return Some(format!("the answer is no JSON: {}", short_text(text)));
    };
    let Value::Object(fields) = &answer else {
        return Some(format!("the answer is no object: {}", short(&answer)));
    };
    let fits = [
        ("name", fields.get("name").is_some_and(Value::is_string)),
        (
            "thousands",
            fields
                .get("thousands")
                .is_some_and(|n| n.is_i64() || n.is_u64() || n.as_f64().is_some_and(is_whole)),
        ),
        (
            "by_the_sea",
            fields.get("by_the_sea").is_some_and(Value::is_boolean),
        ),
    ];
    if let Some((name, _)) = fits.iter().find(|(_, fits)| !fits) {
        return Some(format!(
            "`{name}` is missing or of another type: {}",
            short(&answer)
        ));
    }
    let strange = fields
        .keys()
        .find(|key| !fits.iter().any(|(name, _)| name == key))?;
    Some(format!("`{strange}` is not in the schema"))
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0
}

/// A value as it can be quoted in a sentence.
pub(super) fn short(value: &Value) -> String {
    short_text(&value.to_string())
}

/// A text without line breaks, and without what a terminal would take for an order.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A text as it can be quoted in a sentence: one line, at most 120 characters.
pub(super) fn short_text(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= 120 {
        return line;
    }
    let mut cut: String = line.chars().take(119).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_can_give_a_terminal_no_orders() {
        let said = "\u{1b}]0;title\u{7}red \u{1b}[31m\r\nand\u{9b}2J a bell";
        assert_eq!(short_text(said), "]0;title red [31m and 2J a bell");
    }

    #[test]
    fn answers_are_held_against_the_schema() {
        for (text, wrong) in [
            (
                r#"{"name":"Lisbon","thousands":545,"by_the_sea":true}"#,
                None,
            ),
            (
                r#"{"name":"Lisbon","thousands":545.0,"by_the_sea":true}"#,
                None,
            ),
            ("```json\n{}\n```", Some("no JSON")),
            ("[1]", Some("no object")),
            (
                r#"{"name":"Lisbon","thousands":"545","by_the_sea":true}"#,
                Some("`thousands`"),
            ),
            (r#"{"name":"Lisbon","thousands":545}"#, Some("`by_the_sea`")),
            (
                r#"{"name":"L","thousands":1,"by_the_sea":true,"river":"Tejo"}"#,
                Some("`river`"),
            ),
        ] {
            let found = against_schema(text);
            match wrong {
                None => assert_eq!(found, None, "{text}"),
                Some(word) => assert!(
                    found.as_ref().is_some_and(|f| f.contains(word)),
                    "{text}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn arguments_are_held_against_the_schema() {
        let call = |arguments| Called {
            id: "c".to_owned(),
            name: "get_weather".to_owned(),
            arguments,
        };
        assert_eq!(Tool::misfit(&call(json!({"city": "Lisbon"}))), None);
        for wrong in [
            json!({}),
            json!([]),
            json!({"city": 1}),
            json!({"city": "L", "x": 1}),
        ] {
            assert!(Tool::misfit(&call(wrong.clone())).is_some(), "{wrong}");
        }
    }

    #[test]
    fn the_long_beginning_is_long_enough_and_new_each_time() {
        let one = Question::with_long_beginning(1)
            .beginning
            .unwrap_or_default();
        assert!((16_000..32_000).contains(&one.len()), "{}", one.len());
        assert_ne!(Some(one), Question::with_long_beginning(2).beginning);
    }
}
