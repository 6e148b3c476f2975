//! The accounts: what was spent on a day (UTC), in estimated credits. One object holds them all, so that a reservation is
//! charged to the caller and to the gateway in one step, or to none.

use js_sys::{Array, Date};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::host::{Sql, Storage, field};
use crate::core::json::{Json, Object, Writer, list, quoted};

const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// How long accounts are kept after their day.
const KEPT_DAYS: i64 = 30;

/// The number of a day, counted from 1970.
pub const fn day(now_ms: i64) -> i64 {
    now_ms.div_euclid(MS_PER_DAY)
}

/// The seconds until the next day begins.
pub const fn seconds_left(now_ms: i64) -> i64 {
    (MS_PER_DAY - now_ms.rem_euclid(MS_PER_DAY) + 999) / 1000
}

/// Sets credits aside in every account of `{"id", "credits", "accounts": [{"name", "cap"}]}`, or in none:
/// `{"over": {"name", "spent", "cap"}}`. Else `{"spent": [before each]}`. A reservation that is there already stays
/// as it is. Nothing in here waits, so no other call comes between.
#[wasm_bindgen]
pub fn ledger_reserve(storage: Storage, order: &str) -> Result<String, JsValue> {
    let sql = tables(&storage)?;
    let malformed = || JsValue::from_str("malformed reservation");
    let order = Object::parse(order).ok_or_else(malformed)?;
    let (id, credits) = (order.string("id").ok_or_else(malformed)?, order.given("credits").and_then(Json::whole));
    let credits = credits.filter(|credits| *credits >= 0).ok_or_else(malformed)?;
    let accounts = order.given("accounts").and_then(Json::items).ok_or_else(malformed)?;
    let accounts = accounts.into_iter().map(|account| {
        let account = account.object()?;
        Some((account.string("name")?, account.given("cap")?.whole()?))
    });
    let accounts = accounts.collect::<Option<Vec<_>>>().ok_or_else(malformed)?;
    let today = day(Date::now() as i64);

    let mut spent = Vec::new();
    for (name, _) in &accounts {
        spent.push(spent_on(&sql, today, name)?);
    }
    if sql.all("SELECT id FROM reservations WHERE id = ?", &[id.as_str().into()])?.length() == 0 {
        for ((name, cap), before) in accounts.iter().zip(&spent) {
            if before + credits > *cap {
                let over =
                    Writer::new().text("name", Some(name)).whole("spent", Some(*before)).whole("cap", Some(*cap));
                return Ok(Writer::new().raw("over", &over.end()).end());
            }
        }
        let names = list(&mut accounts.iter().map(|(name, _)| quoted(name)));
        let row: [JsValue; 4] = [id.into(), number(today), number(credits), names.into()];
        sql.all("INSERT INTO reservations (id, day, credits, accounts) VALUES (?, ?, ?, ?)", &row)?;
        for (name, _) in &accounts {
            charge(&sql, today, name, credits)?;
        }
        // Once a day, when its first reservation comes.
        if spent.iter().all(|spent| *spent == 0) {
            for table in ["reservations", "spending"] {
                sql.all(&format!("DELETE FROM {table} WHERE day < ?"), &[number(today - KEPT_DAYS)])?;
            }
        }
    }
    Ok(Writer::new().raw("spent", &list(&mut spent.iter().map(i64::to_string))).end())
}

/// How the reservation of this id ended: its credits are spent, or given back. Said twice it changes nothing.
#[wasm_bindgen]
pub fn ledger_settle(storage: Storage, id: &str, spent: bool) -> Result<(), JsValue> {
    let sql = tables(&storage)?;
    let open =
        sql.all("SELECT day, credits, accounts FROM reservations WHERE id = ? AND state = 'held'", &[id.into()])?;
    let Some(row) = open.iter().next() else { return Ok(()) };
    let state = if spent { "spent" } else { "released" };
    sql.all("UPDATE reservations SET state = ? WHERE id = ?", &[state.into(), id.into()])?;
    if !spent {
        let column = |name| field(&row, name);
        let whole = |name| column(name).as_f64().unwrap_or_default() as i64;
        for name in Json::of(&column("accounts").as_string().unwrap_or_default()).items().unwrap_or_default() {
            charge(&sql, whole("day"), &name.text().unwrap_or_default(), -whole("credits"))?;
        }
    }
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
            accounts TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'held') WITHOUT ROWID;",
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
