//! Vectors worked out by hand from the printed prices, and laws that hold for
//! every price we ship.

use std::sync::OnceLock;

use dialect::Usage;
use proptest::prelude::*;

use super::{Cost, Price, Rate, Rates, unix_s_of_date};
use crate::catalogue::Catalogue;
use crate::money::NanoUsd;

const HOUR_S: u64 = 3_600;

fn builtin() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::builtin().expect("the shipped catalogue is sound"))
}

fn price_of(provider: &str, model: &str) -> Price {
    let provider = builtin().provider(provider).expect("a provider");
    let model = provider.model(model).expect("a model");
    model.price.clone().expect("a price")
}

fn written(json: &str) -> Result<Price, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn at(date: &str, seconds: u64) -> u64 {
    unix_s_of_date(date).expect("a date") + seconds
}

fn usd(text: &str) -> NanoUsd {
    let nanos = Rate::from_dollars(text).expect("an amount").0;
    NanoUsd(i64::try_from(nanos).expect("a small amount"))
}

#[test]
fn gpt_5_6_doubles_above_272k_prompt_tokens_of_any_class() {
    let price = price_of("openai", "gpt-5.6");
    let at_the_limit = Usage {
        input: 200_000,
        cache_read: 70_000,
        cache_write: 1_500,
        cache_write_long: 500,
        output: 1_000,
        reasoning: 500,
    };
    assert_eq!(
        price.cost(&at_the_limit, 0),
        Cost {
            input: usd("0.8"),              // 200,000 at $4
            cache_read: usd("0.028"),       //  70,000 at $0.40
            cache_write: usd("0.0075"),     //   1,500 at $5
            cache_write_long: usd("0.005"), //     500 at $10
            output: usd("0.02"),            //   1,000 at $20
            reasoning: usd("0.01"),         //     500 at $20, as output
            total: usd("0.8705"),
        },
    );
    let one_more = Usage {
        cache_read: 70_001,
        ..at_the_limit
    };
    assert_eq!(
        price.cost(&one_more, 0),
        Cost {
            input: usd("1.6"),             // at $8
            cache_read: usd("0.0560008"),  // at $0.80
            cache_write: usd("0.015"),     // at $10
            cache_write_long: usd("0.01"), // at $20
            output: usd("0.03"),           // at $30
            reasoning: usd("0.015"),       // at $30
            total: usd("1.7260008"),
        },
    );
}

#[test]
fn claude_bills_cache_writes_by_their_lifetime() {
    let usage = Usage {
        input: 1_000,
        cache_read: 50_000,
        cache_write: 2_000,
        cache_write_long: 3_000,
        output: 700,
        reasoning: 100,
    };
    assert_eq!(
        price_of("anthropic", "claude-opus-5-5").cost(&usage, 0),
        Cost {
            input: usd("0.004"),            //  1,000 at $4
            cache_read: usd("0.01"),        // 50,000 at $0.20
            cache_write: usd("0.01"),       //  2,000 at $5, five minutes
            cache_write_long: usd("0.024"), //  3,000 at $8, one hour
            output: usd("0.014"),           //    700 at $20
            reasoning: usd("0.002"),        //    100 at $20, as output
            total: usd("0.064"),
        },
    );
}

#[test]
fn xai_counts_the_limit_itself_into_the_tier_and_anthropic_does_not() {
    for (provider, model, input, total) in [
        ("xai", "grok-4.7", 199_999, "0.405998"), // at $2 and $6
        ("xai", "grok-4.7", 200_000, "0.812"),    // at $4 and $12
        ("anthropic", "claude-haiku-5-5", 100_000, "0.0105"), // at $0.10 and $0.50
        ("anthropic", "claude-haiku-5-5", 100_001, "0.0525005"), // at $0.50 and $2.50
    ] {
        let usage = Usage {
            input,
            output: 1_000,
            ..Usage::default()
        };
        let cost = price_of(provider, model).cost(&usage, 0);
        assert_eq!(cost.total, usd(total), "{model} with {input}");
    }
}

#[test]
fn deepseek_doubles_in_its_peak_hours_on_weekdays() {
    let price = price_of("deepseek", "deepseek-v4-pro");
    let usage = Usage {
        input: 10_000,       // $0.66, peak $1.32
        cache_read: 100_000, // $0.022, peak $0.044
        output: 1_000,       // $1.98, peak $3.96
        ..Usage::default()
    };
    let (quiet, peak) = (usd("0.01078"), usd("0.02156"));
    let monday = "2026-11-23";
    for (day, second, total) in [
        (monday, 0, quiet),
        (monday, HOUR_S - 1, quiet),
        (monday, HOUR_S, peak),
        (monday, 4 * HOUR_S - 1, peak),
        (monday, 4 * HOUR_S, quiet),
        (monday, 6 * HOUR_S, peak),
        (monday, 10 * HOUR_S - 1, peak),
        (monday, 10 * HOUR_S, quiet),
        ("2026-11-20", 2 * HOUR_S, peak),  // Friday
        ("2026-11-21", 2 * HOUR_S, quiet), // Saturday
        ("2026-11-22", 7 * HOUR_S, quiet), // Sunday
    ] {
        assert_eq!(
            price.cost(&usage, at(day, second)).total,
            total,
            "{day} +{second} s"
        );
    }
}

/// No provider of the catalogue has announced a change today; Google has, and
/// this is how.
#[test]
fn an_announced_price_holds_from_midnight_utc() {
    let price = written(
        r#"{"input":"2","cache_read":"0.1","output":"10","schedule":[
            {"from":"2026-12-01","rates":{"input":"4","cache_read":"0.2","output":"20"}},
            {"from":"2027-01-01","rates":{"output":"18"}}]}"#,
    )
    .expect("a price");
    let usage = Usage {
        input: 1_000,
        cache_read: 10_000,
        output: 100,
        reasoning: 400,
        ..Usage::default()
    };
    for (moment, total) in [
        (at("2026-12-01", 0) - 1, "0.008"), // 0.002 + 0.001 + 0.001 + 0.004
        (at("2026-12-01", 0), "0.016"),
        (at("2027-01-01", 0), "0.015"), // input stays as in December
    ] {
        assert_eq!(price.cost(&usage, moment).total, usd(total), "{moment}");
    }
}

#[test]
fn embeddings_have_no_output_to_bill() {
    let usage = Usage {
        input: 8_191,
        output: 5, // a figure that some servers make up
        ..Usage::default()
    };
    let cost = price_of("openai", "text-embedding-3-small").cost(&usage, 0);
    assert_eq!(cost.total, usd("0.00016382")); // 8,191 at $0.02
    assert_eq!(cost.output, NanoUsd::ZERO);
}

#[test]
fn a_class_without_a_figure_is_billed_at_the_next_dearer_one_we_know() {
    let usage = Usage {
        input: 0,
        cache_read: 1_000,
        cache_write: 1_000,
        cache_write_long: 1_000,
        output: 1_000,
        reasoning: 1_000,
    };
    for (price, classes) in [
        // Everything of the prompt as input, reasoning as output.
        (
            r#"{"input":"3","output":"7"}"#,
            ["0", "0.003", "0.003", "0.003", "0.007", "0.007"],
        ),
        // A long write at least as a short one.
        (
            r#"{"input":"3","cache_write":"4","output":"7"}"#,
            ["0", "0.003", "0.004", "0.004", "0.007", "0.007"],
        ),
        // Reasoning apart where it is priced apart.
        (
            r#"{"input":"3","output":"7","reasoning":"2"}"#,
            ["0", "0.003", "0.003", "0.003", "0.007", "0.002"],
        ),
    ] {
        let cost = written(price).expect("a price").cost(&usage, 0);
        assert_eq!(cost.classes(), classes.map(usd), "{price}");
    }
}

#[test]
fn impossible_usage_stops_at_the_largest_amount() {
    let usage = Usage {
        input: u64::MAX,
        cache_read: u64::MAX,
        cache_write: u64::MAX,
        cache_write_long: u64::MAX,
        output: u64::MAX,
        reasoning: u64::MAX,
    };
    assert_eq!(
        price_of("openai", "gpt-5.6").cost(&usage, u64::MAX).total,
        NanoUsd::MAX
    );
}

#[test]
fn a_price_that_makes_no_sense_is_refused_with_a_reason() {
    for (price, reason) in [
        (r#"{"output":"1"}"#, "missing field `input`"),
        (r#"{"input":"-1"}"#, "`-1` is not a price"),
        (r#"{"input":0.15}"#, "expected a string"),
        (r#"{"input":"1","cached":"1"}"#, "unknown field `cached`"),
        (r#"{"input":"1","weekdays_only":true}"#, "there are none"),
        (
            r#"{"input":"1","tiers":[{"over_input_tokens":9,"rates":{}},
                {"over_input_tokens":9,"rates":{}}]}"#,
            "tiers must rise",
        ),
        (
            r#"{"input":"1","schedule":[{"from":"2026-02-30","rates":{}}]}"#,
            "`2026-02-30` is not a day",
        ),
        (
            r#"{"input":"1","schedule":[{"from":"2026-02-02","rates":{}},
                {"from":"2026-02-01","rates":{}}]}"#,
            "`2026-02-01` comes after a later day",
        ),
        (
            r#"{"input":"1","windows":[{"utc_from":"04:00","utc_to":"01:00","rates":{}}]}"#,
            "`04:00-01:00` is not a daily window",
        ),
        (
            r#"{"input":"1","windows":[{"utc_from":"01:00","utc_to":"04:00","rates":{}},
                {"utc_from":"03:00","utc_to":"05:00","rates":{}}]}"#,
            "the window 03:00-05:00 overlaps another",
        ),
        (
            r#"{"input":"1","tiers":[{"over_input_tokens":9,"rates":{}}],
                "schedule":[{"from":"2026-02-02","rates":{}}]}"#,
            "never two of them",
        ),
    ] {
        let refused = written(price).expect_err(price);
        assert!(refused.contains(reason), "{price}: {refused}");
    }
}

/// A price of the catalogue, or one of figures nobody has printed yet.
fn any_price() -> impl Strategy<Value = Price> {
    let shipped: Vec<Price> = builtin()
        .providers
        .iter()
        .flat_map(|provider| &provider.models)
        .filter_map(|model| model.price.clone())
        .collect();
    prop_oneof![
        proptest::sample::select(shipped),
        any_rates().prop_map(Price::flat)
    ]
}

/// Up to $1,000 a million tokens, down to the billionth.
fn any_rates() -> impl Strategy<Value = Rates> {
    let rate = || (0..=1_000_000_000_000u64).prop_map(Rate);
    let maybe = move || proptest::option::of(rate());
    (rate(), maybe(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(input, cache_read, cache_write, cache_write_long, output, reasoning)| Rates {
            input,
            cache_read,
            cache_write,
            cache_write_long,
            output,
            reasoning,
        },
    )
}

fn any_usage(most: u64) -> impl Strategy<Value = Usage> {
    proptest::array::uniform6(0..=most).prop_map(usage_of)
}

fn usage_of(tokens: [u64; 6]) -> Usage {
    let [
        input,
        cache_read,
        cache_write,
        cache_write_long,
        output,
        reasoning,
    ] = tokens;
    Usage {
        input,
        cache_read,
        cache_write,
        cache_write_long,
        output,
        reasoning,
    }
}

fn tokens_of(usage: &Usage) -> [u64; 6] {
    [
        usage.input,
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_long,
        usage.output,
        usage.reasoning,
    ]
}

/// The next few years, so that schedules and weekends are met.
fn any_moment() -> impl Strategy<Value = u64> {
    1_790_000_000..1_900_000_000u64
}

proptest! {
    #[test]
    fn classes_are_never_negative_and_sum_to_the_total(
        price in any_price(),
        usage in any_usage(1_000_000),
        moment in any_moment(),
    ) {
        let cost = price.cost(&usage, moment);
        prop_assert!(cost.classes().iter().all(|class| *class >= NanoUsd::ZERO));
        let sum: i64 = cost.classes().iter().map(|class| class.0).sum();
        prop_assert_eq!(cost.total, NanoUsd(sum));
    }

    #[test]
    fn another_token_of_any_class_never_makes_a_class_cheaper(
        price in any_price(),
        usage in any_usage(400_000),
        class in 0..6usize,
        more in 1..400_000u64,
        moment in any_moment(),
    ) {
        let mut tokens = tokens_of(&usage);
        tokens[class] += more;
        let less = price.cost(&usage, moment);
        let greater = price.cost(&usage_of(tokens), moment);
        for (before, after) in less.classes().iter().zip(greater.classes()) {
            prop_assert!(*before <= after);
        }
        prop_assert!(less.total <= greater.total);
    }

    /// Below every tier, splitting a request can only gain or lose by rounding:
    /// one unit for each class.
    #[test]
    fn a_request_costs_what_its_halves_cost_but_for_rounding(
        price in any_price(),
        one in any_usage(10_000),
        two in any_usage(10_000),
        moment in any_moment(),
    ) {
        let (first, second) = (tokens_of(&one), tokens_of(&two));
        let both = usage_of(std::array::from_fn(|class| first[class] + second[class]));
        let halves = price.cost(&one, moment).total.saturating_add(price.cost(&two, moment).total);
        let whole = price.cost(&both, moment).total;
        prop_assert!((whole.0 - halves.0).abs() <= 6, "{whole} against {halves}");
    }

    #[test]
    fn no_usage_however_absurd_overflows(
        price in any_price(),
        tokens in proptest::array::uniform6(any::<u64>()),
        moment in any::<u64>(),
    ) {
        let cost = price.cost(&usage_of(tokens), moment);
        prop_assert!(cost.total >= NanoUsd::ZERO);
    }
}
