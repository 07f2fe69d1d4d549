//! Several answers to one request, each from a call of its own, as one reply with candidates.
//!
//! Promises: the answers keep their order; tokens are the sum, and unknown when one of them is; what
//! is said of the reply as a whole (its id, its fields) is the first one's.

use bytes::Bytes;

use super::Writing;
use super::reply::told;
use crate::Reading;
use crate::Usage;
use crate::hub::{Event, Reply};

/// The answers as the caller of `writing` gets them, as a stream or in one piece; what was read of
/// them together, and the reply.
pub fn write_several(
    answers: Vec<Vec<Event>>,
    writing: &Writing,
    stream: bool,
) -> (Bytes, Reading, Reply) {
    told(side_by_side(answers), writing, stream)
}

/// What one answer cost.
pub fn usage_of(answer: &[Event]) -> Option<Usage> {
    let mut counted = answer.iter().rev();
    counted.find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    })
}

fn side_by_side(answers: Vec<Vec<Event>>) -> Vec<Event> {
    let usage = answers
        .iter()
        .map(|answer| usage_of(answer))
        .reduce(|sum, usage| Some(sum?.plus(&usage?)))
        .flatten();
    let mut row = Vec::with_capacity(answers.iter().map(Vec::len).sum());
    let (mut taken, mut failed) = (0, false);
    for (number, answer) in (0_u32..).zip(answers) {
        let first_block = taken;
        for mut event in answer {
            match &mut event {
                Event::Open {
                    block, candidate, ..
                } => {
                    *block += first_block;
                    *candidate = number;
                    taken = taken.max(*block + 1);
                }
                Event::Delta { block, .. }
                | Event::Seal { block, .. }
                | Event::Annotate { block, .. }
                | Event::Close { block } => *block += first_block,
                Event::Stop { candidate, .. } => *candidate = number,
                Event::Start(_) | Event::Extra { .. } if number > 0 => continue,
                Event::Start(_) | Event::Extra { .. } => {}
                Event::Failed(_) => failed = true,
                Event::Usage(_) | Event::Ping | Event::End => continue,
            }
            row.push(event);
            if failed {
                return row;
            }
        }
    }
    row.extend(usage.map(Event::Usage));
    row.push(Event::End);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StopReason;
    use crate::hub::{BlockKind, Start, law};

    fn answer(words: &[&str], usage: Option<Usage>) -> Vec<Event> {
        let mut row = vec![Event::Start(Start::default())];
        for (block, word) in (0..).zip(words) {
            row.push(Event::Open {
                block,
                candidate: 0,
                kind: BlockKind::Text,
            });
            let text = (*word).to_owned();
            row.push(Event::Delta { block, text });
            row.push(Event::Close { block });
        }
        row.push(Event::Stop {
            candidate: 0,
            stop: StopReason::End,
            sequence: None,
        });
        row.extend(usage.map(Event::Usage));
        row.push(Event::End);
        row
    }

    fn tokens(input: u64, output: u64) -> Option<Usage> {
        Some(Usage {
            input,
            output,
            ..Usage::default()
        })
    }

    #[test]
    fn answers_stand_side_by_side_in_their_order() {
        let row = side_by_side(vec![
            answer(&["a", "b"], tokens(10, 1)),
            answer(&["c"], tokens(10, 2)),
            answer(&["d"], tokens(10, 3)),
        ]);
        law::check(&row).expect("lawful");
        let reply = Reply::of(row);
        let said: Vec<Vec<&str>> = reply
            .candidates
            .iter()
            .map(|one| one.blocks.iter().map(|block| block.text.as_str()).collect())
            .collect();
        assert_eq!(said, [vec!["a", "b"], vec!["c"], vec!["d"]]);
        assert!(
            reply
                .candidates
                .iter()
                .all(|one| one.stop == Some(StopReason::End))
        );
        assert_eq!(reply.usage, tokens(30, 6));
    }

    #[test]
    fn a_sum_with_an_unknown_part_is_unknown() {
        let row = side_by_side(vec![answer(&["a"], tokens(1, 1)), answer(&["b"], None)]);
        law::check(&row).expect("lawful");
        assert_eq!(Reply::of(row).usage, None);
    }

    #[test]
    fn a_failure_ends_the_row() {
        let failure = crate::Failure {
            category: crate::FailureCategory::Server,
            status: None,
            code: None,
            message: "m".to_owned(),
            retry_after_ms: None,
        };
        let row = side_by_side(vec![answer(&["a"], None), vec![Event::Failed(failure)]]);
        law::check(&row).expect("lawful");
        assert!(matches!(row.last(), Some(Event::Failed(_))));
    }
}
