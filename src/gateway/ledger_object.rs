//! The Durable Object that keeps the accounts. There is one for all callers, so that a reservation is charged to the caller
//! and to the gateway in one step, or to none.

use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::host::Storage;
use super::ledger::{Alert, LedgerReport, OverCap, ReserveReply, ReserveRequest, day, public_name};
use super::message;
use super::sql::{Sql, number};
use crate::client::Timer;
use crate::web::HostTimer;

/// How long accounts are kept after their day: longer than jobs, which are found by their reservations.
const KEPT_DAYS: i64 = 31;

/// How long it is remembered that a reservation was released: longer than a late word about it may take. What cost nothing must
/// not fill the ledger.
const RELEASED_KEPT_DAYS: i64 = 1;

/// Takes a [`ReserveRequest`], and answers with a [`ReserveReply`].
///
/// Nothing in here waits, so no other call comes between; and it happens as a whole (`js/gateway.js`).
#[wasm_bindgen]
pub fn ledger_reserve(storage: Storage, request: &str) -> Result<String, JsValue> {
    let request: ReserveRequest = message::decode(request)?;
    message::encode(&reserve(&tables(&storage)?, &request, today())?)
}

fn reserve(sql: &Sql, request: &ReserveRequest, today: i64) -> Result<ReserveReply, JsValue> {
    // Before anything else, so that what is forgotten here isn't found again below.
    for table in ["reservations", "spending", "alerts", "jobs"] {
        sql.run(&format!("DELETE FROM {table} WHERE day < ?"), &[number(today - KEPT_DAYS)])?;
    }
    sql.run("DELETE FROM reservations WHERE state = 'released' AND day < ?", &[number(today - RELEASED_KEPT_DAYS)])?;
    match reservation_state(sql, &request.id)?.as_deref() {
        None => {}
        Some("held") => return Ok(ReserveReply { alerts: Some(Vec::new()), over: None }),
        Some(_) => return Ok(ReserveReply::default()),
    }
    let credits = i64::from(request.credits);
    let mut spent = Vec::new();
    for account in &request.accounts {
        let before = spent_on(sql, today, &account.name)?;
        if before + credits > account.cap.into() {
            let over = OverCap { name: account.name.clone(), spent: before, cap: account.cap };
            return Ok(ReserveReply { alerts: None, over: Some(over) });
        }
        spent.push(before);
    }
    let names: Vec<_> = request.accounts.iter().map(|account| account.name.as_str()).collect();
    insert_reservation(sql, &request.id, today, credits, &names, "held")?;
    let mut alerts = Vec::new();
    for (account, before) in request.accounts.iter().zip(spent) {
        charge(sql, today, &account.name, credits)?;
        let after = before + credits;
        let reached = |percent: &u8| (after * 100 >= i64::from(*percent) * i64::from(account.cap)).then_some(*percent);
        let mut highest = None;
        for percent in request.percent.iter().filter_map(reached) {
            let row: [JsValue; 3] = [number(today), account.name.as_str().into(), number(percent.into())];
            let new = sql.run("INSERT INTO alerts VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING percent", &row)?;
            highest = if new.length() > 0 { Some(percent) } else { highest };
        }
        alerts.extend(highest.map(|percent| Alert {
            account: public_name(&account.name).to_owned(),
            percent,
            spent: after,
            cap: account.cap,
            day: today,
        }));
    }
    Ok(ReserveReply { alerts: Some(alerts), over: None })
}

/// How the reservation of this id ended: its credits are spent, or released. Said twice it changes nothing. What was
/// called spent may turn out to be none; what was released stays so, also if it was never made.
#[wasm_bindgen]
pub fn ledger_settle(storage: Storage, id: &str, spent: bool) -> Result<(), JsValue> {
    /// What is given back, and where.
    #[derive(Deserialize)]
    struct Released {
        day: i64,
        credits: i64,
        /// A JSON list of names.
        accounts: String,
    }
    let sql = &tables(&storage)?;
    match (reservation_state(sql, id)?.as_deref(), spent) {
        (Some("held"), true) => {
            sql.run("UPDATE reservations SET state = 'spent' WHERE id = ?", &[id.into()])?;
        }
        (Some("held" | "spent"), false) => {
            let released: Vec<Released> = sql.rows(
                "UPDATE reservations SET state = 'released' WHERE id = ? RETURNING day, credits, accounts",
                &[id.into()],
            )?;
            for Released { day, credits, accounts } in released {
                for name in message::decode::<Vec<String>>(&accounts)? {
                    charge(sql, day, &name, -credits)?;
                }
            }
        }
        (None, false) => insert_reservation(sql, id, today(), 0, &[], "released")?,
        _ => {}
    }
    Ok(())
}

/// Whether there is a reservation of this job.
#[wasm_bindgen]
pub fn ledger_knows(storage: Storage, job: &str) -> Result<bool, JsValue> {
    // A reservation's name is the job's id, a slash and a number; "0" is what follows the slash.
    let range = ["/", "0"].map(|end| JsValue::from([job, end].concat()));
    let rows = tables(&storage)?.run("SELECT 1 FROM reservations WHERE id > ? AND id < ? LIMIT 1", &range)?;
    Ok(rows.length() > 0)
}

/// What these accounts, a JSON list of names, have spent today: `[12, 0]`.
#[wasm_bindgen]
pub fn ledger_spent(storage: Storage, names: &str) -> Result<String, JsValue> {
    let sql = &tables(&storage)?;
    let today = today();
    let names: Vec<String> = message::decode(names)?;
    let spent = names.iter().map(|name| spent_on(sql, today, name)).collect::<Result<Vec<_>, _>>()?;
    message::encode(&spent)
}

/// Where the job of this reservation stands, and how many bytes of copies it has.
#[wasm_bindgen]
pub fn ledger_note(storage: Storage, reservation: &str, state: &str, bytes: f64) -> Result<(), JsValue> {
    let row: [JsValue; 4] = [reservation.into(), number(today()), state.into(), bytes.into()];
    tables(&storage)?.run(
        "INSERT INTO jobs (reservation, day, state, bytes) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET state = excluded.state, bytes = excluded.bytes",
        &row,
    )?;
    Ok(())
}

/// The owner's figures: a [`LedgerReport`].
#[wasm_bindgen]
pub fn ledger_report(storage: Storage) -> Result<String, JsValue> {
    let sql = &tables(&storage)?;
    let spending =
        sql.rows("SELECT day, account, credits FROM spending WHERE credits <> 0 ORDER BY day DESC, credits DESC", &[])?;
    let jobs = sql.rows(
        "SELECT day, state, count(*) AS jobs, sum(bytes) AS bytes FROM jobs GROUP BY day, state ORDER BY day DESC, state",
        &[],
    )?;
    message::encode(&LedgerReport { spending, jobs })
}

fn today() -> i64 {
    day(HostTimer.now())
}

fn reservation_state(sql: &Sql, id: &str) -> Result<Option<String>, JsValue> {
    #[derive(Deserialize)]
    struct Row {
        state: String,
    }
    let rows: Vec<Row> = sql.rows("SELECT state FROM reservations WHERE id = ?", &[id.into()])?;
    Ok(rows.into_iter().next().map(|row| row.state))
}

fn insert_reservation(
    sql: &Sql,
    id: &str,
    day: i64,
    credits: i64,
    accounts: &[&str],
    state: &str,
) -> Result<(), JsValue> {
    let accounts = message::encode(&accounts)?;
    let row: [JsValue; 5] = [id.into(), number(day), number(credits), accounts.into(), state.into()];
    sql.run("INSERT INTO reservations (id, day, credits, accounts, state) VALUES (?, ?, ?, ?, ?)", &row)?;
    Ok(())
}

fn spent_on(sql: &Sql, day: i64, account: &str) -> Result<i64, JsValue> {
    #[derive(Deserialize)]
    struct Row {
        credits: i64,
    }
    let rows: Vec<Row> =
        sql.rows("SELECT credits FROM spending WHERE day = ? AND account = ?", &[number(day), account.into()])?;
    Ok(rows.first().map_or(0, |row| row.credits))
}

fn charge(sql: &Sql, day: i64, account: &str, credits: i64) -> Result<(), JsValue> {
    let row: [JsValue; 3] = [number(day), account.into(), number(credits)];
    sql.run(
        "INSERT INTO spending (day, account, credits) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET credits = credits + excluded.credits",
        &row,
    )?;
    Ok(())
}

fn tables(storage: &Storage) -> Result<Sql, JsValue> {
    let sql = storage.sql();
    sql.run(
        "CREATE TABLE IF NOT EXISTS spending (day INTEGER, account TEXT, credits INTEGER NOT NULL,
            PRIMARY KEY (day, account)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS reservations (id TEXT PRIMARY KEY, day INTEGER NOT NULL, credits INTEGER NOT NULL,
            accounts TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS reservations_by_day ON reservations (day);
        CREATE INDEX IF NOT EXISTS released_by_day ON reservations (day) WHERE state = 'released';
        CREATE TABLE IF NOT EXISTS jobs (reservation TEXT PRIMARY KEY, day INTEGER NOT NULL, state TEXT NOT NULL,
            bytes INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS jobs_by_day ON jobs (day);
        CREATE TABLE IF NOT EXISTS alerts (day INTEGER, account TEXT, percent INTEGER,
            PRIMARY KEY (day, account, percent)) WITHOUT ROWID;",
        &[],
    )?;
    Ok(sql)
}
