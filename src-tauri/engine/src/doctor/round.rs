//! The whole examination of one model: one answer first, then the dialects side by side, then the
//! cache.
//!
//! Promises: a provider that takes no request is asked one question and no more; the findings are
//! complete, one for each check and dialect, whatever happens on the way.

use dialect::{Dialect, Task};
use futures_util::future::join_all;
use routing::{Provider, Way};

use super::asking::{Asker, Sight};
use super::course::Course;
use super::finding::{CALLERS, Check, Finding, Verdict};
use super::question::{HowToThink, Question};
use crate::settle::unix_ms;

/// Goes through all checks.
pub(super) async fn examine(asker: &Asker, provider: &Provider, model: &str) -> Vec<Finding> {
    let thinks = how_to_think(provider, model);
    let course = |dialect| Course {
        asker,
        dialect,
        thinks,
        findings: Vec::new(),
    };
    let own = own_dialect(provider);
    let mut first = course(own);
    let answer = first.answer().await;
    // A refusal of the very question may be the dialect's trouble; silence and outages are not.
    if let Some(seen) = first.findings.first().filter(|seen| !seen.refused) {
        asker.stop_unless_answered(&seen.said);
    }
    let mut courses: Vec<Course<'_>> = vec![first];
    courses.extend(CALLERS.into_iter().filter(|one| *one != own).map(course));
    if asker.stopped().is_none() {
        let mut answer = Some(answer);
        let walks = courses.iter_mut().map(|course| {
            let known = answer.take();
            Box::pin(async move {
                let answer = match known {
                    Some(answer) => answer,
                    None => course.answer().await,
                };
                course.rest(answer).await;
            })
        });
        join_all(walks).await;
        cache(&mut courses).await;
    }
    let why = asker
        .stopped()
        .unwrap_or_else(|| "it was not reached".to_owned());
    for course in &mut courses {
        course.skip_rest(&why);
    }
    let mut findings: Vec<Finding> = courses
        .into_iter()
        .flat_map(|course| course.findings)
        .collect();
    let place = |dialect| CALLERS.iter().position(|one| *one == dialect);
    findings.sort_by_key(|finding| (finding.check, place(finding.dialect)));
    findings
}

/// The dialect in which requests travel as they are, so that the first answer tells of the provider
/// and of no translation.
fn own_dialect(provider: &Provider) -> Dialect {
    let is_spoken = |dialect: &Dialect| {
        let endpoint = dialect.endpoint(Task::Generate);
        let door = endpoint.and_then(|endpoint| provider.door(endpoint));
        door.is_some_and(|door| door.way == Way::Verbatim)
    };
    CALLERS
        .into_iter()
        .find(is_spoken)
        .unwrap_or(Dialect::OpenAi)
}

fn how_to_think(provider: &Provider, model: &str) -> Option<HowToThink> {
    let traits = provider.model(model).map(|model| model.traits);
    let traits = traits.unwrap_or_default();
    if traits.reasoning == Some(false) {
        return None;
    }
    let adaptive =
        traits.adaptive_thinking == Some(true) || traits.thinking_always_on == Some(true);
    Some(match adaptive {
        true => HowToThink::Adaptive,
        false => HowToThink::Budget,
    })
}

/// One long beginning for all dialects: the provider's own pays for it, the others find it there.
async fn cache(courses: &mut [Course<'_>]) {
    let question = Question::with_long_beginning(unix_ms());
    let Some((own, others)) = courses.split_first_mut() else {
        return;
    };
    cached(own, &question).await;
    join_all(
        others
            .iter_mut()
            .map(|other| Box::pin(cached(other, &question))),
    )
    .await;
}

async fn cached(course: &mut Course<'_>, question: &Question) {
    let answered = course
        .findings
        .iter()
        .any(|f| f.check == Check::Answer && matches!(f.verdict, Verdict::Works | Verdict::Noted));
    if !answered {
        return;
    }
    if course.dialect == Dialect::Ollama {
        let why = "this dialect reports no cached tokens";
        course.put(Check::Cache, Sight::new(Verdict::NotOffered, why));
        return;
    }
    let sight = twice(course, question).await.unwrap_or_else(|sight| sight);
    course.put(Check::Cache, sight);
}

async fn twice(course: &Course<'_>, question: &Question) -> Result<Sight, Sight> {
    let mut sent = 0;
    for _ in 0..2 {
        let (said, heard) = course.ask(question).await?;
        let tokens = said.tokens.unwrap_or_default();
        if tokens.cached > 0 {
            let told = format!(
                "{} of {} tokens came from the cache",
                tokens.cached, tokens.input
            );
            let sight = heard.sight();
            let said = match sight.said.is_empty() {
                true => told,
                false => format!("{told}; {}", sight.said),
            };
            return Ok(Sight { said, ..sight });
        }
        sent = tokens.input;
    }
    let why = format!("no cached tokens were reported for the same {sent} tokens sent twice");
    Ok(Sight::new(Verdict::NotOffered, why))
}
