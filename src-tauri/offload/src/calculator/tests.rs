use std::time::Instant;

use super::*;
use crate::TroubleKind;

fn now() -> Timestamp {
    "2024-05-15T12:00:00Z".parse().unwrap()
}

fn ask(expression: &str) -> Result<Done, Trouble> {
    run(&json!({ "expression": expression }), now())
}

#[test]
fn an_expression_has_its_one_answer() {
    for (expression, answer) in [
        ("23% of 450", "103.5"),
        ("0.1 + 0.2", "0.3"),
        ("2 + 2 =", "4"),
        ("1/3", "approx. 0.3333333333"),
        ("1/3 + 1/3 + 1/3", "1"),
        (
            "2^200",
            "1606938044258990275541962092341162602522202993782792835301376",
        ),
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("2³", "8"),
        ("17 mod 5", "2"),
        ("17 % 5", "2"),
        ("1,000,000 * 3", "3000000"),
        ("50% + 20%", "70%"),
        ("200 * 15% + 5", "35"),
        ("10% * 50", "5"),
        ("0.5 to %", "50%"),
        ("1 / 3 * 50%", "approx. 0.1666666667"),
        ("5 feet 10 inches + 2 feet", "approx. 7.8333333333 feet"),
        ("20 percent of 50", "10"),
        ("60 miles per hour to km/h", "96.56064 km / h"),
        ("5 feet 10 inches to cm", "177.8 cm"),
        ("3/4 cup to ml", "177.441177375 ml"),
        ("20°C to °F", "68 °F"),
        ("255 to hex", "ff"),
        ("0xff + 1", "0x100"),
        ("16#d6 + 0", "16#d6"),
        ("0xd6 to decimal", "214"),
        ("sqrt(16)", "4"),
        ("sqrt(2)", "approx. 1.4142135624"),
        ("sqrt(2) - 1", "approx. 0.4142135624"),
        ("10^5 * sqrt(2) - 141421", "approx. 0.35623731"),
        ("-40 °C to °F", "-40 °F"),
        ("sin(30 degrees)", "0.5"),
        ("10 choose 3", "120"),
        ("(2 + 3)!", "120"),
        ("2^(1+2)", "8"),
        ("8^(1/3)", "2"),
        ("4^-(1/2)", "0.5"),
        ("1 << 20", "1048576"),
        ("floor(1e30 + 0.5)", "1000000000000000000000000000000"),
        ("floor(0.99999999999999999999)", "0"),
        ("floor(-0.5)", "-1"),
        ("ceil(7/2) + round(2.5) + round(-2.5)", "4"),
        ("floor(sqrt(2) * 10)", "approx. 14"),
        ("round(floor(2.7) / 4 * 10)", "5"),
        ("exp(100)", "approx. 2.68811714182e43"),
        ("1e-15/3", "approx. 3.33333e-16"),
        ("1 - 4 / 140.01", "approx. 0.9714306121"),
        ("2/3 to 3 dp", "approx. 0.667"),
        ("123456 to 2 sf", "approx. 120000"),
        ("1 m / 3 to cm", "approx. 33.3333333333 cm"),
        ("1/3 to %", "approx. 33.3333333333%"),
        ("1/3 to fraction", "1/3"),
        ("1/3 to float", "0.(3)"),
        ("1/3 == 2/6", "true"),
        ("5 m == 500 cm", "true"),
        ("300 to words", "three hundred"),
        ("2024-01-31 + 1 day", "2024-02-01"),
        ("@2024-05-01 - 2024-01-01", "121 days"),
        ("today + 2 weeks", "2024-05-29"),
        ("2023-02-28 + 1 year - 1 month", "2024-01-28"),
        ("2024-03-01 - 1 day", "2024-02-29"),
    ] {
        assert_eq!(
            ask(expression).map(|done| done.text),
            Ok(answer.to_owned()),
            "{expression}"
        );
    }
}

#[test]
fn a_result_is_a_number_only_where_it_is_exact_as_one() {
    let result = |expression| ask(expression).unwrap().result;
    assert_eq!(result("23% of 450"), json!(103.5));
    assert_eq!(result("6 * 7"), json!(42));
    assert_eq!(result("2^100"), json!("1267650600228229401496703205376"));
    assert_eq!(result("10 to binary"), json!("1010"));
    assert_eq!(result("10 to base 7"), json!("13"));
    assert_eq!(result("1/3"), json!("approx. 0.3333333333"));
    assert_eq!(
        ask(" 23% of 450 ").unwrap().working.unwrap(),
        "23% of 450 = 103.5"
    );
}

#[test]
fn what_has_no_answer_or_can_t_be_read_is_said_to_be_so() {
    use TroubleKind::{BadInput, NoAnswer, TooMuch};
    for (expression, kind) in [
        ("1/0", NoAnswer),
        ("5 mod 0", NoAnswer),
        ("0^0", NoAnswer),
        ("sqrt(-1)", NoAnswer),
        ("(-8)^(1/3)", NoAnswer),
        ("1 kg + 1 m", NoAnswer),
        ("5 kg to m", NoAnswer),
        ("5 USD to EUR", NoAnswer),
        ("ln(0)", NoAnswer),
        ("sin(1e17)", NoAnswer),
        ("floor(2.5 m)", NoAnswer),
        ("sqrt(2) * sqrt(2) == 2", NoAnswer),
        ("2024-01-31 + 1 month", NoAnswer),
        ("2023-02-29 + 1 day", NoAnswer),
        ("2 +", BadInput),
        ("", BadInput),
        ("foo + 1", BadInput),
        ("(1 + 2", BadInput),
        ("1 + 2)", BadInput),
        ("5 4", BadInput),
        ("1,5 + 1", BadInput),
        ("1.000,50", BadInput),
        ("1.2.3", BadInput),
        ("(sqrt(2) - 1.4142135623730951) * 10^16", NoAnswer),
        ("sqrt(10^30+1) - 10^15", NoAnswer),
        ("ln(1.0000000000000001)", NoAnswer),
        ("sin(3.141592653589793)", NoAnswer),
        ("tan(1.5707963267948966)", NoAnswer),
        ("2^0.5 * 2^0.5 - 2", NoAnswer),
        ("ceil(ln(e)*1)", NoAnswer),
        ("ff to decimal", BadInput),
        ("a to decimal", BadInput),
        ("a dozen", BadInput),
        ("1 Cal to J", BadInput),
        ("-300 C to K", NoAnswer),
        ("-500 C to F", NoAnswer),
        ("-1 K to °C", NoAnswer),
        ("10 °C + 10 °F", NoAnswer),
        ("1 decade to days", NoAnswer),
        ("6/2(1+2)", BadInput),
        ("5 // 2", BadInput),
        ("100 / /4", BadInput),
        ("2 * / 4", BadInput),
        ("1/2 pi", BadInput),
        ("100 km / 2 hours", BadInput),
        ("100 + 10%", BadInput),
        ("17% 5", BadInput),
        ("3!!", BadInput),
        ("3(4)5", BadInput),
        ("2 m 3", BadInput),
        ("5 and 3", BadInput),
        ("2024-05-01-2024-01-01", BadInput),
        ("1 + 2024-05-01", BadInput),
        ("2.5(3)", BadInput),
        ("2d6", BadInput),
        ("roll(d6)", BadInput),
        ("x: x x", BadInput),
        ("a = 5; a", BadInput),
        ("\"a\" * 5", BadInput),
        ("sinh(5)", BadInput),
        ("1/3 to hex", NoAnswer),
        ("pi to 30 dp", NoAnswer),
        ("(2/3 to 2 dp) * 3", BadInput),
        ("@debug 1", BadInput),
        ("@noapprox pi", BadInput),
        ("1 # 2", BadInput),
        ("2024-01-01 + 2024-01-02", BadInput),
        ("9^9^9", TooMuch),
        ("10^10^9", TooMuch),
        ("100000!", TooMuch),
        ("(10^6)!", TooMuch),
        ("1e10000000", TooMuch),
        ("1 << 1000000000000", TooMuch),
        ("fib(10^9)", TooMuch),
        ("(1e9 choose 5e8)", TooMuch),
        ("1 to 100000 dp", TooMuch),
    ] {
        let trouble = ask(expression).expect_err(expression);
        assert_eq!(trouble.kind, kind, "{expression}: {trouble}");
    }
}

#[test]
fn no_bomb_hangs_or_ends_the_process() {
    let nested =
        |inside: &str, times: usize| format!("{}1{}", inside.repeat(times), ")".repeat(times));
    let mut bombs = vec![
        "1/(3^100000) + 1/(7^80000)".to_owned(),
        "1/(3^4000) + 1/(7^3000)".to_owned(),
        "1/(3^4000) == 1/(7^3000)".to_owned(),
        "(2^1000)^1000".to_owned(),
        "((2^(2^(2^(2^(2^2))))))".to_owned(),
        "(1/999999937) to float".to_owned(),
        "1/3 to 18446744073709551615 sf".to_owned(),
        "9⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹⁹".to_owned(),
        "1e-4000 / 3".to_owned(),
        "3000!".to_owned(),
        "10000d10000".to_owned(),
        "1".repeat(4_000),
        "0.".to_owned() + &"1".repeat(4_000),
        vec!["1"; 200].join("+"),
        vec!["1/7"; 100].join("*"),
        vec!["1"; 200].join("^"),
        "-".repeat(300) + "1",
        "1".to_owned() + &"!".repeat(300),
        "1 m ".repeat(90),
        "(1)".repeat(130),
        "sqrt".repeat(100),
        "floor(1.5) ".repeat(60),
        "1 ft 1 inch ".repeat(40),
        "\u{0}\u{202e}💥".to_owned(),
    ];
    for inside in [
        "(", "1+(", "1*(", "2(", "sqrt(", "1+2(", "-(1+2(", "2^(", "floor(1+", "1 m (", "5% of (",
    ] {
        for depth in [5, 10, 11, 400] {
            bombs.push(nested(inside, depth));
        }
    }
    for bomb in bombs {
        let begun = Instant::now();
        let answer = ask(&bomb);
        let took = begun.elapsed();
        // Unoptimised, and beside other tests: the promise is a second in a release build.
        assert!(
            took < Duration::from_secs(20),
            "{took:?} for {bomb}: {answer:?}"
        );
    }
}

#[test]
fn arguments_are_the_text_itself_or_an_object() {
    assert_eq!(
        arguments_of("  1 + 1\n"),
        Ok(json!({"expression": "1 + 1"}))
    );
    assert_eq!(
        arguments_of(r#"{"expression": "2"}"#),
        Ok(json!({"expression": "2"}))
    );
    let trouble = run(&json!({"expresion": "2"}), now()).unwrap_err();
    assert!(trouble.message.contains("`expresion`"), "{trouble}");
}
