//! What the owner of a gateway wants to know.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::access::Caller;
use super::handler_error::HandlerError;
use super::ledger::{DayJobs, DaySpending, day, public_name};
use super::reply::Reply;
use super::request_context::RequestContext;
use super::stub::LedgerStub;
use super::uploads::ACCOUNTS;
use crate::client::Timer;
use crate::policy::Permission;
use crate::web::HostTimer;

/// The figures of the days that are kept: 31.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdminUsage {
    /// The number of this day, counted from 1970.
    today: i64,
    /// What was spent, by day and account; those of sessions and of addresses together.
    spending: Vec<DaySpending>,
    /// Where the jobs stand, by day.
    jobs: Vec<DayJobs>,
    /// The bytes of these jobs' copies.
    archived_bytes: i64,
    /// What the vendor's account has left, if the vendor says so.
    vendor_credits: Option<f64>,
    /// What the ledger has counted on all days that are kept: compare how it grows with how the vendor's account shrinks.
    counted_credits: i64,
}

impl RequestContext<'_> {
    /// The figures of all callers.
    pub(super) async fn admin_usage(&mut self, caller: &Caller) -> Result<Reply, HandlerError> {
        caller.check(Permission::AdminUsage)?;
        let report = LedgerStub::new(self.env)?.report().await?;
        let vendor_credits = self.log.usage.measure(self.gateway.client.credits()).await.ok();
        let mut spending: Vec<DaySpending> = Vec::new();
        for entry in report.spending.into_iter().filter(|entry| !entry.account.starts_with(ACCOUNTS)) {
            let account = public_name(&entry.account).to_owned();
            match spending.iter_mut().find(|known| known.day == entry.day && known.account == account) {
                Some(known) => known.credits += entry.credits,
                None => spending.push(DaySpending { account, ..entry }),
            }
        }
        let counted_credits =
            spending.iter().filter(|entry| entry.account == "gateway").map(|entry| entry.credits).sum();
        Reply::of(&AdminUsage {
            today: day(HostTimer.now()),
            spending,
            archived_bytes: report.jobs.iter().map(|jobs| jobs.bytes).sum(),
            jobs: report.jobs,
            vendor_credits,
            counted_credits,
        })
    }
}
