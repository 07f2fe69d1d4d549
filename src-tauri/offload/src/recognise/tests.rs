use super::*;
#[test]
fn x() {
    for m in [
        "2+2",
        "what is 2+2?",
        "What is 10 % 3",
        "3-2",
        "1/2",
        "1/2 =",
        "what is 100 - 37?",
        "calculate 6/2(1+2)",
        "15% of 80",
        "sqrt(16)",
        "what is sqrt(2)+1",
        "5 km in miles",
        "convert 100 C to F",
        "convert -40 °C to °F",
        "how many feet are in a mile?",
        "255 in hex",
        "convert ff from hex to decimal",
        "days between 2024-01-01 and 2024-03-01",
        "sha256 of \"abc\"",
        "format this json: {\"a\":1}",
        "-2^2",
        "what is 5!",
        "2+2!",
        "2024-05-06",
        "what is 2+2 in base 3, explain",
        "write a function",
        "what is 2+\n2",
        "what is 12 squared?",
        "what is 3 - -3",
        "2*-3",
        "((((1+1))))",
        "(5)+3",
        "10/3",
        "7 mod 3 =",
        "convert 5 square meters to square feet",
        "convert 3 hectares to acres",
        "1 bar to psi",
        "convert 36 km/h to m/s",
        "convert 1 kWh to joules",
    ] {
        let r = recognise(m);
        let e = r
            .as_ref()
            .ok()
            .and_then(|r| r.arguments["expression"].as_str())
            .map(|e| {
                let mut c = fend_core::Context::new();
                fend_core::evaluate(e, &mut c).map(|r| r.get_main_result().to_owned())
            });
        println!("{m:?} -> {r:?} {e:?}");
    }
}
