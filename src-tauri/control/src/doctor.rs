//! The doctor: examines a provider, keeps what was found, and lets routing go by it.
//!
//! Promises: an examination that was begun ends and is kept, also when whoever asked for it has
//! left the panel in the meantime.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use engine::{CALLERS, Check, Engine, Examination, NotExamined, Verdict};
use host::Examinations;

use crate::convert::word;
use crate::failure::Failure;
use crate::shown::{
    CheckShown, ExaminationRow, ExaminationShown, Examine, FindingShown, Tag, TallyShown,
    VerdictShown, WhichExaminations,
};
use crate::{Control, blocking};

impl Control {
    pub(crate) async fn examine(&self, asked: Examine) -> Result<ExaminationShown, Failure> {
        let control = self.clone();
        // A task of its own: a carrier drops its call when the panel is closed.
        let examined = tokio::spawn(async move { control.examine_and_keep(asked).await });
        examined.await.map_err(Failure::unavailable)?
    }

    async fn examine_and_keep(&self, asked: Examine) -> Result<ExaminationShown, Failure> {
        let engine = &self.parts.engine;
        let underway = engine.examination(&asked.provider, asked.model.as_deref())?;
        self.changed(&[Tag::Providers]);
        let examined = underway.run().await;
        if let Ok(examination) = &examined {
            self.keep(examination.clone()).await?;
        }
        // Not before it is kept: whoever looks finds it under way or found, never neither.
        drop(underway);
        self.changed(&[Tag::Providers]);
        Ok(shown(&examined?, now_unix_ms()))
    }

    /// Keeps an examination, unless its provider was removed or moved in the meantime.
    async fn keep(&self, examination: Examination) -> Result<(), Failure> {
        if !self.parts.engine.is_current(&examination) {
            return Ok(());
        }
        let examinations = Arc::clone(&self.parts.examinations);
        let kept = blocking(move || examinations.keep(examination)).await?;
        if let Err(error) = kept {
            // It is known until the end of this run, and told to whoever asked.
            tracing::error!(%error, "an examination will not outlive this run");
        }
        heed(&self.parts.engine, &self.parts.examinations);
        Ok(())
    }

    pub(crate) async fn examinations(
        &self,
        asked: WhichExaminations,
    ) -> Result<Vec<ExaminationShown>, Failure> {
        let now = now_unix_ms();
        let wanted = |one: &Examination| {
            let provider = asked.provider.as_deref();
            provider.is_none_or(|provider| one.provider == provider)
                && self.parts.engine.is_current(one)
        };
        let all = self.parts.examinations.all();
        Ok(all
            .iter()
            .filter(|one| wanted(one))
            .map(|one| shown(one, now))
            .collect())
    }

    /// The examinations of a provider, in a line each.
    pub(crate) fn examination_rows(&self, all: &[Examination], id: &str) -> Vec<ExaminationRow> {
        let now = now_unix_ms();
        all.iter()
            .filter(|one| one.provider == id && self.parts.engine.is_current(one))
            .map(|one| ExaminationRow {
                model: one.model.clone(),
                at_unix_ms: one.at_unix_ms,
                stale: is_stale(one, now),
                stopped: one.stopped.clone(),
                tally: tally(one),
            })
            .collect()
    }
}

/// Lets routing go by what is kept.
pub fn heed(engine: &Engine, examinations: &Examinations) {
    engine.heed(&examinations.all());
}

impl From<NotExamined> for Failure {
    fn from(refused: NotExamined) -> Failure {
        match refused {
            NotExamined::Unknown(_) => Failure::not_found(refused),
            NotExamined::Underway(_) | NotExamined::NotReady(_) => Failure::conflict(refused),
            NotExamined::NoModel(_) | NotExamined::Tls(_) => Failure::unavailable(refused),
        }
    }
}

fn shown(one: &Examination, now_unix_ms: u64) -> ExaminationShown {
    let row = |check: Check| CheckShown {
        check: check.name().to_owned(),
        title: check.title().to_owned(),
        about: check.about().to_owned(),
        findings: CALLERS
            .into_iter()
            .filter_map(|dialect| one.finding(check, dialect))
            .map(|finding| FindingShown {
                dialect: finding.dialect.name().to_owned(),
                verdict: verdict(finding.verdict),
                said: finding.said.clone(),
                receipt: finding.receipt.map(|id| id.to_string()),
            })
            .collect(),
    };
    ExaminationShown {
        provider: one.provider.clone(),
        model: one.model.clone(),
        chosen: one.chosen.clone(),
        at_unix_ms: one.at_unix_ms,
        took_ms: one.took_ms,
        stale: is_stale(one, now_unix_ms),
        stopped: one.stopped.clone(),
        requests: one.requests,
        cost_nano_usd: one.cost.0,
        cost_basis: word(&one.cost_basis),
        tally: tally(one),
        dialects: CALLERS.map(|dialect| dialect.name().to_owned()).to_vec(),
        checks: Check::ALL.map(row).to_vec(),
    }
}

fn is_stale(one: &Examination, now_unix_ms: u64) -> bool {
    routing::Findings::are_stale(one.at_unix_ms, now_unix_ms)
}

fn tally(one: &Examination) -> TallyShown {
    TallyShown {
        works: one.count(Verdict::Works),
        noted: one.count(Verdict::Noted),
        not_offered: one.count(Verdict::NotOffered),
        failed: one.count(Verdict::Failed),
        not_tried: one.count(Verdict::NotTried),
    }
}

fn verdict(verdict: Verdict) -> VerdictShown {
    match verdict {
        Verdict::Works => VerdictShown::Works,
        Verdict::Noted => VerdictShown::Noted,
        Verdict::NotOffered => VerdictShown::NotOffered,
        Verdict::Failed => VerdictShown::Failed,
        Verdict::NotTried => VerdictShown::NotTried,
    }
}

fn now_unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
