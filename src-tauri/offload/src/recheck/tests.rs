use super::*;

const CORPUS: &str = include_str!("../../corpus/sums.txt");

fn written(text: &str) -> Vec<String> {
    wrong_sums(text)
        .into_iter()
        .map(|sum| sum.written)
        .collect()
}

/// What stands above, and below, the line of `=`.
fn corpus() -> (Vec<String>, Vec<String>) {
    let is_told = |line: &&str| !line.is_empty() && !line.starts_with("# ");
    let texts = |part: &str| {
        part.lines()
            .filter(is_told)
            .map(|line| line.replace('⏎', "\n"))
            .collect()
    };
    let (right, wrong) = CORPUS.split_once("\n================\n").unwrap();
    (texts(right), texts(wrong))
}

#[test]
fn no_sum_that_is_right_or_meant_otherwise_is_called_wrong() {
    let (others, _) = corpus();
    assert!(others.len() >= 200, "{}", others.len());
    let told: Vec<_> = others
        .iter()
        .filter(|text| !wrong_sums(text).is_empty())
        .collect();
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn every_wrong_sum_that_is_a_clause_of_its_own_is_found() {
    let (_, wrong) = corpus();
    let missed: Vec<_> = wrong
        .iter()
        .filter(|text| wrong_sums(text).len() != 1)
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(wrong.len(), 74);
}

#[test]
fn a_wrong_sum_is_told_with_what_it_is() {
    let found = wrong_sums("So 17 * 23 = 401, and 2 + 2 = 4. Then $1,200 ÷ 8 = $151.");
    let told: Vec<_> = found
        .iter()
        .map(|sum| (sum.written.as_str(), sum.exact.as_str()))
        .collect();
    assert_eq!(
        told,
        [("17 * 23 = 401", "391"), ("$1,200 ÷ 8 = $151", "150")]
    );
    assert_eq!(written("**3 x 4 = 13**"), ["3 x 4 = 13"]);
}

#[test]
fn a_long_text_of_sums_is_bounded() {
    assert_eq!(wrong_sums(&"1 + 1 = 3; ".repeat(10_000)).len(), MOST);
    assert!(wrong_sums(&"1 + ".repeat(60_000)).is_empty());
    assert!(wrong_sums(&("1 + ".repeat(60_000) + "=")).is_empty());
    assert!(wrong_sums(&"=".repeat(LONGEST + 1)).is_empty());
    assert_eq!(wrong_sums(&"2 + 2 = 5\n".repeat(20_000)).len(), MOST);
    assert!(wrong_sums(&"2 + 2 = 4\n".repeat(20_000)).is_empty());
}
