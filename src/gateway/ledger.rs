//! The accounts: what was spent on a day (UTC), in estimated credits. One object holds them all, so that a reservation is
//! charged to the caller and to the gateway in one step, or to none.

use js_sys::{Array, Date};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::host::{Sql, Storage, field};
use crate::core::json::{Json, Object, Writer, list, quoted};

/// The length of a day.
pub const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// How long accounts are kept after their day: shorter than jobs, so that a job that begins anew under an old id finds no
/// reservation of its earlier life.
const KEPT_DAYS: i64 = 28;

/// The number of a day, counted from 1970.
pub const fn day(now_ms: i64) -> i64 {
    now_ms.div_euclid(MS_PER_DAY)
}

/// The seconds until the next day begins.
pub const fn seconds_left(now_ms: i64) -> i64 {
    (MS_PER_DAY - now_ms.rem_euclid(MS_PER_DAY) + 999) / 1000
}

/// Sets credits aside in every account of `{"id", "credits", "accounts": [{"name", "cap"}], "percent": [80]}`, or in none:
/// `{"over": {"name", "spent", "cap"}}`. Else `{"alerts": [{"account", "percent", "spent", "cap", "day"}]}` with the shares of
/// caps that were reached for the first time today. A reservation that has ended is not made again: `{}`.
///
/// Nothing in here waits, so no other call comes between; and it happens as a whole (`js/gateway.js`).
#[wasm_bindgen]
pub fn ledger_reserve(storage: Storage, order: &str) -> Result<String, JsValue> {
    let sql = tables(&storage)?;
    let malformed = || JsValue::from_str("malformed reservation");
    let order = Object::parse(order).ok_or_else(malformed)?;
    let (id, credits) = (order.text("id").ok_or_else(malformed)?, order.given("credits").and_then(Json::whole));
    let credits = credits.filter(|credits| *credits >= 0).ok_or_else(malformed)?;
    let accounts = order.given("accounts").and_then(Json::items).ok_or_else(malformed)?;
    let accounts = accounts.into_iter().map(|account| {
        let account = account.object()?;
        Some((account.text("name")?, account.given("cap")?.whole()?))
    });
    let accounts = accounts.collect::<Option<Vec<_>>>().ok_or_else(malformed)?;
    let today = day(Date::now() as i64);

    let percent = order.given("percent").and_then(Json::items).unwrap_or_default();
    // Before anything else, so that what is forgotten here isn't found again below.
    for table in ["reservations", "spending", "alerts"] {
        sql.all(&format!("DELETE FROM {table} WHERE day < ?"), &[number(today - KEPT_DAYS)])?;
    }
    if let Some(state) = state_of(&sql, &id)? {
        let told = if state == "held" { Writer::new().raw("alerts", "[]") } else { Writer::new() };
        return Ok(told.end());
    }
    let mut spent = Vec::new();
    for (name, cap) in &accounts {
        let before = spent_on(&sql, today, name)?;
        if before + credits > *cap {
            let over =
                Writer::new().text("name", Some(name)).whole("spent", Some(before)).whole("cap", Some(*cap)).end();
            return Ok(Writer::new().raw("over", &over).end());
        }
        spent.push(before);
    }
    let names = list(&mut accounts.iter().map(|(name, _)| quoted(name)));
    keep(&sql, &id, today, credits, &names, "held")?;
    let mut alerts = Vec::new();
    for ((name, cap), before) in accounts.iter().zip(spent) {
        charge(&sql, today, name, credits)?;
        let after = before + credits;
        let reached =
            percent.iter().filter_map(|percent| percent.whole()).filter(|percent| after * 100 >= percent * cap);
        let mut highest = None;
        for percent in reached {
            let row: [JsValue; 3] = [number(today), name.as_str().into(), number(percent)];
            let new = sql.all("INSERT INTO alerts VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING percent", &row)?;
            highest = if new.length() > 0 { Some(percent) } else { highest };
        }
        alerts.extend(highest.map(|percent| {
            Writer::new()
                .text("account", Some(shown(name)))
                .whole("percent", Some(percent))
                .whole("spent", Some(after))
                .whole("cap", Some(*cap))
                .whole("day", Some(today))
                .end()
        }));
    }
    Ok(Writer::new().raw("alerts", &list(&mut alerts.into_iter())).end())
}

/// The name of an account as the owner is told it: whose session or address it is, is nobody's business.
fn shown(account: &str) -> &str {
    account.split_once(':').filter(|(kind, _)| *kind != "token").map_or(account, |(kind, _)| kind)
}

/// How the reservation of this id ended: its credits are spent, or given back. Said twice it changes nothing. What was
/// called spent may turn out to be none; what was given back stays so, also if it was never made.
#[wasm_bindgen]
pub fn ledger_settle(storage: Storage, id: &str, spent: bool) -> Result<(), JsValue> {
    let sql = tables(&storage)?;
    match (state_of(&sql, id)?.as_deref(), spent) {
        (Some("held"), true) => {
            sql.all("UPDATE reservations SET state = 'spent' WHERE id = ?", &[id.into()])?;
        }
        (Some("held" | "spent"), false) => {
            let rows = sql.all(
                "UPDATE reservations SET state = 'released' WHERE id = ? RETURNING day, credits, accounts",
                &[id.into()],
            )?;
            for row in rows {
                let column = |name| field(&row, name);
                let whole = |name| column(name).as_f64().unwrap_or_default() as i64;
                for name in Json::of(&column("accounts").as_string().unwrap_or_default()).items().unwrap_or_default() {
                    charge(&sql, whole("day"), &name.text().unwrap_or_default(), -whole("credits"))?;
                }
            }
        }
        (None, false) => keep(&sql, id, day(Date::now() as i64), 0, "[]", "released")?,
        _ => {}
    }
    Ok(())
}

fn state_of(sql: &Sql, id: &str) -> Result<Option<String>, JsValue> {
    let rows = sql.all("SELECT state FROM reservations WHERE id = ?", &[id.into()])?;
    Ok(rows.iter().next().and_then(|row| field(&row, "state").as_string()))
}

fn keep(sql: &Sql, id: &str, day: i64, credits: i64, accounts: &str, state: &str) -> Result<(), JsValue> {
    let row: [JsValue; 5] = [id.into(), number(day), number(credits), accounts.into(), state.into()];
    sql.all("INSERT INTO reservations (id, day, credits, accounts, state) VALUES (?, ?, ?, ?, ?)", &row)?;
    Ok(())
}

/// What these accounts, a JSON list of names, have spent today: `[12, 0]`.
#[wasm_bindgen]
pub fn ledger_spent(storage: Storage, names: &str) -> Result<String, JsValue> {
    let sql = tables(&storage)?;
    let today = day(Date::now() as i64);
    let names = Json::of(names).items().unwrap_or_default();
    let spent = names.iter().map(|name| spent_on(&sql, today, &name.text().unwrap_or_default()));
    let spent = spent.collect::<Result<Vec<_>, _>>()?;
    Ok(list(&mut spent.iter().map(i64::to_string)))
}

fn tables(storage: &Storage) -> Result<Sql, JsValue> {
    let sql = storage.sql();
    sql.all(
        "CREATE TABLE IF NOT EXISTS spending (day INTEGER, account TEXT, credits INTEGER NOT NULL,
            PRIMARY KEY (day, account)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS reservations (id TEXT PRIMARY KEY, day INTEGER NOT NULL, credits INTEGER NOT NULL,
            accounts TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS reservations_by_day ON reservations (day);
        CREATE TABLE IF NOT EXISTS alerts (day INTEGER, account TEXT, percent INTEGER,
            PRIMARY KEY (day, account, percent)) WITHOUT ROWID;",
        &[],
    )?;
    Ok(sql)
}

fn spent_on(sql: &Sql, day: i64, account: &str) -> Result<i64, JsValue> {
    let rows = sql.all("SELECT credits FROM spending WHERE day = ? AND account = ?", &[number(day), account.into()])?;
    let credits = rows.iter().next().map(|row| field(&row, "credits"));
    Ok(credits.and_then(|credits| credits.as_f64()).unwrap_or_default() as i64)
}

fn charge(sql: &Sql, day: i64, account: &str, credits: i64) -> Result<(), JsValue> {
    let row: [JsValue; 3] = [number(day), account.into(), number(credits)];
    sql.all(
        "INSERT INTO spending (day, account, credits) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET credits = credits + excluded.credits",
        &row,
    )?;
    Ok(())
}

fn number(whole: i64) -> JsValue {
    JsValue::from_f64(whole as f64)
}

impl Sql {
    /// The rows of a statement, as objects.
    fn all(&self, statement: &str, bindings: &[JsValue]) -> Result<Array, JsValue> {
        let rows = self.exec(statement, &bindings.iter().cloned().collect::<Array>())?;
        Ok(rows.to_array().unchecked_into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let midnight = 1_710_892_800_000; // 2024-03-20T00:00:00Z
        assert_eq!(day(midnight) - 1, day(midnight - 1));
        assert_eq!((seconds_left(midnight), seconds_left(midnight - 1)), (86_400, 1));
    }
}
