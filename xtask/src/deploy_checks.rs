//! What must be so before a gateway is uploaded: wrangler.toml against what the code expects, the secrets that are there, and
//! the measured limits. Pure: texts in, checks out.

use std::fmt;

use midapi::policy::{SECRETS, Setting, VARIABLES, Variables};
use serde_json::{Value, json};

/// Before the first, workerd forwards `Authorization` on redirects to another origin. The second is the newest that the
/// workerd of package-lock.json takes.
const COMPATIBILITY_DATES: [&str; 2] = ["2025-09-01", "2026-05-03"];

/// Bindings of Durable Objects, and the classes behind them.
const OBJECTS: [(&str, &str); 3] = [("JOBS", "Job"), ("LEDGER", "Ledger"), ("TASK_LISTS", "TaskList")];
const RATE_LIMITS: [&str; 2] = ["SUBMIT_LIMIT", "READ_LIMIT"];

const LARGEST_UPLOAD_KB: f64 = 300.0;
const LONGEST_START_MS: f64 = 50.0;

/// One thing that must be so, and what is wrong if it isn't.
#[derive(Clone, Debug)]
pub struct Check {
    right: String,
    wrong: Option<String>,
}

impl Check {
    /// Whether something holds, and the words for what is found otherwise.
    pub fn new(right: impl Into<String>, holds: bool, otherwise: impl Into<String>) -> Self {
        Self { right: right.into(), wrong: (!holds).then(|| otherwise.into()) }
    }

    pub fn passed(&self) -> bool {
        self.wrong.is_none()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.wrong {
            None => write!(out, "✓ {}", self.right),
            Some(wrong) => write!(out, "✗ must be so: {}; but {wrong}", self.right),
        }
    }
}

/// Checks wrangler.toml by itself, and against the classes that the Worker's entry exports.
pub fn configuration(wrangler_toml: &str, gateway_js: &str) -> Vec<Check> {
    let parsed = toml::from_str::<Value>(wrangler_toml);
    let otherwise = parsed.as_ref().err().map(|error| {
        let before = error.span().and_then(|span| wrangler_toml.get(..span.start)).unwrap_or_default();
        format!("in line {}: {}", before.matches('\n').count() + 1, error.message())
    });
    let mut checks =
        vec![Check::new("wrangler.toml is well-formed TOML", otherwise.is_none(), otherwise.unwrap_or_default())];
    let Ok(config) = parsed else { return checks };
    checks.extend([
        compatibility_date(&config),
        has_flag(&config, "enable_request_signal"),
        is_exactly(&config, "/send_metrics", &json!(false)),
        is_exactly(&config, "/assets/directory", &json!("build/studio")),
        is_exactly(&config, "/assets/run_worker_first", &json!(["/api/*", "/files/*", "/uploads/*"])),
        no_secrets_in_vars(&config),
        only_known_vars(&config),
    ]);
    checks.extend(variables(&config));
    checks.extend(OBJECTS.map(|(name, class)| binding(&config, name, class)));
    checks.push(migration(&config));
    checks.push(classes_exported(&config, gateway_js));
    checks.extend(RATE_LIMITS.map(|name| rate_limit(&config, name)));
    checks
}

/// What works without, though one may not expect what doesn't then.
pub fn advice(wrangler_toml: &str) -> Vec<&'static str> {
    let config: Value = toml::from_str(wrangler_toml).unwrap_or_default();
    let keeps_nothing =
        "MIDAPI_PUBLIC_URL is empty: the vendor isn't asked to call back, and neither results nor uploads are kept";
    let no_studio = "MIDAPI_SESSION_ORIGINS is empty: the studio lets nobody in; programs with a token are served";
    [("/vars/MIDAPI_PUBLIC_URL", keeps_nothing), ("/vars/MIDAPI_SESSION_ORIGINS", no_studio)]
        .into_iter()
        .filter_map(|(name, words)| (!is_set(&config, name)).then_some(words))
        .collect()
}

/// Checks what wrangler said of the bundle: `Total Upload: 163.61 KiB / gzip: 67.81 KiB`.
pub fn size(report: &str) -> Check {
    let kib = report.split_once("gzip: ").and_then(|(_, rest)| rest.split_once(" KiB")?.0.parse::<f64>().ok());
    let figure = kib.map(|kib| kib * 1.024);
    below("the upload, gzipped,", figure, LARGEST_UPLOAD_KB, "KB", "build/worker/upload-size.txt has no such figure")
}

/// Checks the milliseconds that start-up took, from [`startup_ms`].
pub fn startup(ms: Option<f64>) -> Check {
    below(
        "start-up",
        ms,
        LONGEST_START_MS,
        "ms",
        "`wrangler check startup` wrote no profile that says how long it took",
    )
}

/// How long the profiled start took. The profile spans the whole request that causes the start: a little more than that.
pub fn startup_ms(profile: &str) -> Option<f64> {
    let profile: Value = serde_json::from_str(profile).ok()?;
    let microseconds = |name| profile.get(name)?.as_f64();
    Some((microseconds("endTime")? - microseconds("startTime")?) / 1000.0).filter(|ms| *ms > 0.0)
}

/// Checks what `wrangler secret list` printed: a key to spend with, and somebody who may.
pub fn secrets(listed: &str, wrangler_toml: &str) -> Vec<Check> {
    let listed: Option<Vec<Value>> = serde_json::from_str(listed).ok();
    let has = |name| list(listed.as_deref()).any(|secret| text(secret, "/name") == Some(name));
    let config: Value = toml::from_str(wrangler_toml).unwrap_or_default();
    let pages = is_set(&config, "/vars/MIDAPI_SESSION_ORIGINS");
    let is_listed = |name, why: &str| {
        let otherwise = format!("it isn't; `npx wrangler secret put {name}`");
        Check::new(format!("{name} is among the secrets{why}"), has(name), otherwise)
    };
    let mut checks = vec![
        is_listed("MIDAPI_API_KEY", ""),
        Check::new(
            "MIDAPI_TOKENS is among the secrets, or MIDAPI_SESSION_SECRET with MIDAPI_SESSION_ORIGINS set in [vars]",
            has("MIDAPI_TOKENS") || pages && has("MIDAPI_SESSION_SECRET"),
            "nobody may call; `npx wrangler secret put MIDAPI_TOKENS < tokens.json`",
        ),
    ];
    if pages {
        checks.push(is_listed("MIDAPI_SESSION_SECRET", ", as MIDAPI_SESSION_ORIGINS is set"));
    }
    checks
}

/// Whether there is such a text, and it isn't blank.
fn is_set(config: &Value, pointer: &str) -> bool {
    text(config, pointer).is_some_and(|value| !value.trim().is_empty())
}

fn compatibility_date(config: &Value) -> Check {
    let [oldest, newest] = COMPATIBILITY_DATES;
    let date = text(config, "/compatibility_date");
    // Dates of this form sort as texts.
    let is_date = |date: &str| date.split('-').map(digits).eq([4, 2, 2]);
    let fits = date.is_some_and(|date| is_date(date) && (oldest..=newest).contains(&date));
    let right = format!("`compatibility_date` is a text from \"{oldest}\" to \"{newest}\"");
    Check::new(right, fits, it_is(config.get("compatibility_date")))
}

/// How many digits a text is.
fn digits(text: &str) -> usize {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.len() } else { 0 }
}

fn has_flag(config: &Value, flag: &str) -> Check {
    let flags = config.get("compatibility_flags");
    let has = entries(config, "/compatibility_flags").any(|known| known == flag);
    Check::new(format!("`compatibility_flags` has \"{flag}\""), has, it_is(flags))
}

fn is_exactly(config: &Value, pointer: &str, expected: &Value) -> Check {
    let found = config.pointer(pointer);
    let name = pointer.trim_start_matches('/').replace('/', ".");
    Check::new(format!("`{name}` is {expected}"), found == Some(expected), it_is(found))
}

fn no_secrets_in_vars(config: &Value) -> Check {
    let leaked: Vec<_> =
        SECRETS.iter().map(|secret| secret.name).filter(|name| found(config, name).is_some()).collect();
    let wrong = format!(
        "{} does: take it out, get a new one if the file was ever shared, and `npx wrangler secret put` it",
        leaked.join(", ")
    );
    Check::new("no secret stands in [vars]", leaked.is_empty(), wrong)
}

fn only_known_vars(config: &Value) -> Check {
    let known = VARIABLES.map(|variable| variable.name);
    let vars = config.get("vars").and_then(Value::as_object);
    let names = vars.into_iter().flat_map(|vars| vars.keys().map(String::as_str));
    let unknown: Vec<_> =
        names.filter(|name| !known.contains(name) && SECRETS.iter().all(|secret| secret.name != *name)).collect();
    let wrong = format!("it has {}, which nothing reads", unknown.join(", "));
    Check::new(format!("[vars] has only {}", known.join(", ")), unknown.is_empty(), wrong)
}

/// Each variable is there, and is what the gateway takes; and what the gateway takes on a developer's machine alone, it isn't.
fn variables(config: &Value) -> Vec<Check> {
    let faults = Variables::parse(|name| found(config, name)?.as_str().map(str::to_owned)).err();
    let is_wrong = |name| {
        let mut faults = faults.iter().flat_map(|faults| faults.iter());
        faults.any(|fault| fault.field.as_deref() == Some(name))
    };
    let check = |Setting { name, must, required }: &Setting| {
        let value = found(config, name);
        let fits = value.is_some_and(Value::is_string) && !is_wrong(name);
        let empty = if *required { "" } else { "empty, or " };
        Check::new(format!("{name} is a text: {empty}{must}"), fits, it_is(value))
    };
    let is_local = |name: &&str| text(config, &format!("/vars/{name}")).is_some_and(|url| url.starts_with("http://"));
    let addresses = ["MIDAPI_UPSTREAM_URL", "MIDAPI_PUBLIC_URL", "MIDAPI_ALERT_URL"];
    let local: Vec<_> = addresses.into_iter().filter(is_local).filter(|name| !is_wrong(name)).collect();
    let wrong = format!("{} is http, which works on your own machine alone", local.join(", "));
    let https = Check::new("every address is https", local.is_empty(), wrong);
    VARIABLES.iter().map(check).chain([https]).collect()
}

fn found<'a>(config: &'a Value, variable: &str) -> Option<&'a Value> {
    config.get("vars")?.get(variable)
}

fn binding(config: &Value, name: &str, class: &str) -> Check {
    let found = named(config, "/durable_objects/bindings", name).and_then(|binding| binding.get("class_name"));
    let fits = found.and_then(Value::as_str) == Some(class);
    Check::new(format!("the durable object binding {name} is of the class \"{class}\""), fits, it_is(found))
}

fn migration(config: &Value) -> Check {
    let classes = OBJECTS.map(|(_, class)| class);
    let mut missing = classes.to_vec();
    for migration in entries(config, "/migrations") {
        missing.retain(|class| !entries(migration, "/new_sqlite_classes").any(|known| known == class));
    }
    let right = format!("the migrations' `new_sqlite_classes` have {}", classes.join(", "));
    let wrong = format!("none has {}; storage can't be made for it", missing.join(", "));
    Check::new(right, missing.is_empty(), wrong)
}

fn classes_exported(config: &Value, gateway_js: &str) -> Check {
    let bound = entries(config, "/durable_objects/bindings").filter_map(|binding| text(binding, "/class_name"));
    let migrated = entries(config, "/migrations").flat_map(|migration| entries(migration, "/new_sqlite_classes"));
    let mut classes: Vec<_> = bound.chain(migrated.filter_map(Value::as_str)).collect();
    classes.sort_unstable();
    classes.dedup();
    classes.retain(|class| !exports_class(gateway_js, class));
    let wrong = format!("`export class` is missing there for {}", classes.join(", "));
    Check::new("js/gateway.js exports every class that wrangler.toml names", classes.is_empty(), wrong)
}

fn exports_class(source: &str, class: &str) -> bool {
    source.lines().any(|line| {
        let rest = line.strip_prefix("export class ").and_then(|rest| rest.strip_prefix(class));
        rest.is_some_and(|rest| !rest.starts_with(|char: char| char.is_alphanumeric() || matches!(char, '_' | '$')))
    })
}

fn rate_limit(config: &Value, name: &str) -> Check {
    let found = named(config, "/ratelimits", name).and_then(|limit| limit.get("simple"));
    let number = |field| found?.get(field)?.as_u64();
    let fits = number("limit").is_some_and(|limit| limit > 0) && number("period") == Some(10);
    let right = format!("the rate limit {name} has a `limit` above 0 and a `period` of 10, as `Retry-After` says");
    Check::new(right, fits, it_is(found))
}

/// A figure must be below its limit. One that can't be read is over it.
fn below(what: &str, figure: Option<f64>, limit: f64, unit: &str, unknown: &str) -> Check {
    let right = format!("{what} stays below {limit} {unit}");
    match figure {
        Some(figure) if figure < limit => Check::new(format!("{right}: {figure:.1} {unit}"), true, ""),
        Some(figure) => Check::new(right, false, format!("it is {figure:.1} {unit}")),
        None => Check::new(right, false, unknown),
    }
}

/// The words for a value that is wrong.
fn it_is(found: Option<&Value>) -> String {
    found.map_or("it isn't set".to_owned(), |found| format!("it is {found}"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// What a list holds; of anything else, nothing.
fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    list(value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice))
}

fn list(values: Option<&[Value]>) -> impl Iterator<Item = &Value> {
    values.unwrap_or_default().iter()
}

fn named<'a>(config: &'a Value, pointer: &str, name: &str) -> Option<&'a Value> {
    entries(config, pointer).find(|entry| text(entry, "/name") == Some(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WRANGLER: &str = include_str!("../../wrangler.toml");
    const GATEWAY: &str = "export class Job extends DurableObject {}\nexport class Ledger extends DurableObject {}\n\
        export class TaskList extends DurableObject {}\n";

    fn failures(checks: Vec<Check>) -> Vec<String> {
        checks.iter().filter(|check| !check.passed()).map(Check::to_string).collect()
    }

    #[test]
    fn what_doesnt_work_without_a_variable_is_said_before() {
        let [url, origins] = advice(WRANGLER)[..] else { unreachable!("{:?}", advice(WRANGLER)) };
        assert!(
            url.starts_with("MIDAPI_PUBLIC_URL is empty") && origins.starts_with("MIDAPI_SESSION_ORIGINS is empty")
        );
        let set = WRANGLER
            .replace(r#"MIDAPI_PUBLIC_URL = """#, r#"MIDAPI_PUBLIC_URL = "https://a.example""#)
            .replace(r#"MIDAPI_SESSION_ORIGINS = """#, r#"MIDAPI_SESSION_ORIGINS = "https://a.example""#);
        assert!(advice(&set).is_empty());
    }

    /// The sentence of the only check that fails once a piece of wrangler.toml is another.
    fn sentence(from: &str, to: &str) -> String {
        assert!(WRANGLER.contains(from), "{from}");
        let failures = failures(configuration(&WRANGLER.replace(from, to), GATEWAY));
        let [sentence] = failures.as_slice() else { unreachable!("{from} -> {to}: {failures:#?}") };
        sentence.clone()
    }

    /// Every value in place of a variable's own is refused with the rule and the value.
    fn refused(name: &str, right: &str, values: &[&str]) {
        let line = WRANGLER.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        for value in values {
            let sentence = sentence(line, &format!("{name} = '{value}'"));
            assert_eq!(sentence, format!("✗ must be so: {name} is a text: {right}; but it is {}", json!(value)));
        }
        assert_eq!(sentence(line, ""), format!("✗ must be so: {name} is a text: {right}; but it isn't set"));
        let number = sentence(line, &format!("{name} = 5"));
        assert_eq!(number, format!("✗ must be so: {name} is a text: {right}; but it is 5"));
    }

    /// A variable may also have these values.
    fn allowed(name: &str, values: &[&str]) {
        let line = WRANGLER.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        for value in values {
            let changed = WRANGLER.replace(line, &format!("{name} = '{value}'"));
            assert_eq!(failures(configuration(&changed, GATEWAY)), [""; 0], "{name} {value}");
        }
    }

    #[test]
    fn row_39_the_committed_configuration_passes() {
        assert_eq!(failures(configuration(WRANGLER, GATEWAY)), [""; 0]);
    }

    #[test]
    fn row_39_malformed_toml_is_the_only_finding() {
        let sentence = sentence("send_metrics = false", "send_metrics = ");
        let line = 1 + WRANGLER.lines().position(|line| line == "send_metrics = false").unwrap();
        let start = format!("✗ must be so: wrangler.toml is well-formed TOML; but in line {line}: ");
        assert!(sentence.starts_with(&start), "{sentence}");
    }

    #[test]
    fn row_39_the_compatibility_date_is_between_the_fence_and_the_pinned_workerd() {
        let right = "✗ must be so: `compatibility_date` is a text from \"2025-09-01\" to \"2026-05-03\"; but it ";
        let date = "compatibility_date = \"2026-04-26\"";
        for value in ["2025-08-31", "2026-05-04", "2026-1-1", "2026-01-01 ", "2026-01-01T00:00", "latest", ""] {
            let sentence = sentence(date, &format!("compatibility_date = \"{value}\""));
            assert_eq!(sentence, format!("{right}is \"{value}\""));
        }
        assert_eq!(sentence(date, ""), format!("{right}isn't set"));
        assert!(sentence(date, "compatibility_date = 2026-04-26").starts_with(right));
        for edge in COMPATIBILITY_DATES {
            let changed = WRANGLER.replace("2026-04-26", edge);
            assert_eq!(failures(configuration(&changed, GATEWAY)), [""; 0]);
        }
    }

    #[test]
    fn row_39_flags_metrics_and_assets_are_as_the_code_expects() {
        let flag = "✗ must be so: `compatibility_flags` has \"enable_request_signal\"; but it ";
        assert_eq!(sentence("\"enable_request_signal\"", ""), format!("{flag}is []"));
        assert_eq!(sentence("compatibility_flags = [\"enable_request_signal\"]", ""), format!("{flag}isn't set"));
        let metrics = "✗ must be so: `send_metrics` is false; but it ";
        assert_eq!(sentence("send_metrics = false", "send_metrics = true"), format!("{metrics}is true"));
        assert_eq!(sentence("send_metrics = false", ""), format!("{metrics}isn't set"));
        let directory = "✗ must be so: `assets.directory` is \"build/studio\"; but it is \".\"";
        assert_eq!(sentence("\"build/studio\"", "\".\""), directory);
        let first = "✗ must be so: `assets.run_worker_first` is [\"/api/*\",\"/files/*\",\"/uploads/*\"]; but it is ";
        let paths = "[\"/api/*\", \"/files/*\", \"/uploads/*\"]";
        assert_eq!(sentence(paths, "true"), format!("{first}true"));
        assert_eq!(sentence(paths, "[\"/api/*\", \"/\"]"), format!("{first}[\"/api/*\",\"/\"]"));
    }

    #[test]
    fn row_39_no_secret_and_no_unknown_name_stands_among_the_variables() {
        for Setting { name, .. } in SECRETS {
            let sentence = sentence("[vars]", &format!("[vars]\n{name} = \"x\""));
            assert!(sentence.starts_with(&format!("✗ must be so: no secret stands in [vars]; but {name} does")));
        }
        let sentence = sentence("[vars]", "[vars]\nMIDAPI_DAYLY_CREDITS = \"5\"");
        assert!(sentence.starts_with("✗ must be so: [vars] has only MIDAPI_UPSTREAM_URL, MIDAPI_PUBLIC_URL, "));
        assert!(sentence.ends_with("; but it has MIDAPI_DAYLY_CREDITS, which nothing reads"), "{sentence}");
    }

    #[test]
    fn row_39_every_variable_is_well_formed() {
        let url = "an https URL without user, query and fragment, or an http one on this machine";
        let upstreams =
            ["", "http://api.midapi.ai", "https://", "https://a:b@c.example", "https://c.example?x", "c.example"];
        refused("MIDAPI_UPSTREAM_URL", url, &upstreams);
        refused("MIDAPI_PUBLIC_URL", &format!("empty, or {url}"), &upstreams[1..]);
        allowed("MIDAPI_PUBLIC_URL", &["", "https://gateway.example"]);
        allowed(
            "MIDAPI_UPSTREAM_URL",
            &["https://vendor.example:8443/api/v1/mj", "https://Vendor.example/", "https://a.example:443"],
        );
        for name in ["MIDAPI_DAILY_CREDITS", "MIDAPI_SESSIONS_DAILY_CREDITS"] {
            refused(name, "a whole number from 1 to 4294967295", &["", "0", "1.5", "-1", "+1", "many"]);
            allowed(name, &["1", "1000000"]);
        }
        let name = "MIDAPI_SESSION_DAILY_CREDITS";
        refused(name, "a whole number from 0 to 4294967295", &["", "1.5", "-1", "+1", "many"]);
        allowed(name, &["0", "1", "1000000"]);
        let key = "1 to 100 of the characters A-Z a-z 0-9 _ -";
        refused("MIDAPI_TURNSTILE_SITE_KEY", &format!("empty, or {key}"), &["0x4AAA BBB", "<b>", "é"]);
        allowed("MIDAPI_TURNSTILE_SITE_KEY", &["", "0x4AAAAAAADnPIDROrmt1Wwj"]);
        let origins = [
            "*",
            "https://a.example/",
            "https://a.example:443",
            "http://a.example",
            "https://a.example, https://b.example",
            "https://a.example  https://b.example",
        ];
        refused("MIDAPI_SESSION_ORIGINS", "empty, or origins as a browser sends them, separated by spaces", &origins);
        allowed("MIDAPI_SESSION_ORIGINS", &["", " ", "https://a.example https://b.example:8443"]);
        let prices = "a JSON object of whole credits, or ranges of them, such as {\"fast\": 10, \"video\": [20, 40]}";
        refused("MIDAPI_PRICES", prices, &WRONG_PRICES);
        allowed("MIDAPI_PRICES", &RIGHT_PRICES);
        refused(
            "MIDAPI_ALERT_URL",
            "empty, or an https URL, or an http one on this machine",
            &["http://a.example", "a.example", "https://a b.example"],
        );
        allowed("MIDAPI_ALERT_URL", &["", " ", "https://hooks.example.com/x?y=z"]);
        let percents = ["", " ", "0", "101", "80 50", "50 50", "50,80", "50  80", "half"];
        refused("MIDAPI_ALERT_PERCENT", "whole numbers from 1 to 100, rising, separated by spaces", &percents);
        allowed("MIDAPI_ALERT_PERCENT", &["1", "100", "1 2 100"]);
        refused(
            "MIDAPI_FILE_HOSTS",
            "empty, or lowercase DNS names with a dot, such as files.example.com, without scheme and port, separated by spaces",
            &["https://a.example", "a.example:443", "A.example", "localhost", "127.0.0.1", "a.example  b.example"],
        );
        allowed("MIDAPI_FILE_HOSTS", &["", "a.example", "a.example b.example"]);
        refused(
            "MIDAPI_FILES_DAYS",
            "empty, or a whole number of days from 1 to 36500",
            &["0", "36501", "1.5", "a year"],
        );
        allowed("MIDAPI_FILES_DAYS", &["", "1", "36500"]);
    }

    #[test]
    fn row_39_an_address_of_this_machine_is_for_dev_alone() {
        for name in ["MIDAPI_UPSTREAM_URL", "MIDAPI_PUBLIC_URL", "MIDAPI_ALERT_URL"] {
            let line = WRANGLER.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
            let expected = format!(
                "✗ must be so: every address is https; but {name} is http, which works on your own machine alone"
            );
            assert_eq!(sentence(line, &format!("{name} = 'http://127.0.0.1:8788'")), expected);
        }
    }

    const RIGHT_PRICES: [&str; 4] =
        ["{}", "{\"fast\": 10}", "{\"video\": [20, 40], \"videoHd\": [0, 0]}", "{\"change\": 4294967295}"];
    const WRONG_PRICES: [&str; 8] = [
        "",
        "[]",
        "{\"fast\": \"10\"}",
        "{\"fast\": 1.5}",
        "{\"fast\": -1}",
        "{\"slow\": 1}",
        "{\"fast\": [2, 1]}",
        "{\"fast\": [1]}",
    ];

    #[test]
    fn row_39_objects_are_bound_migrated_and_exported() {
        let jobs = "✗ must be so: the durable object binding JOBS is of the class \"Job\"; but it ";
        assert_eq!(sentence("name = \"JOBS\"", "name = \"JOB\""), format!("{jobs}isn't set"));
        let swapped = sentence("class_name = \"Job\"", "class_name = \"Ledger\"");
        assert_eq!(swapped, format!("{jobs}is \"Ledger\""));
        let ledger = sentence("name = \"LEDGER\"", "name = \"LEDGERS\"");
        assert_eq!(
            ledger,
            "✗ must be so: the durable object binding LEDGER is of the class \"Ledger\"; but it isn't set"
        );
        let migrations = "✗ must be so: the migrations' `new_sqlite_classes` have Job, Ledger, TaskList; but none has ";
        for (from, to, missing) in [
            ("[\"Job\", \"Ledger\"]", "[\"Job\"]", "Ledger"),
            ("[\"TaskList\"]", "[]", "TaskList"),
            ("new_sqlite_classes", "new_classes", "Job, Ledger, TaskList"),
        ] {
            assert_eq!(sentence(from, to), format!("{migrations}{missing}; storage can't be made for it"));
        }
        let exports = "✗ must be so: js/gateway.js exports every class that wrangler.toml names; but `export class` is \
                       missing there for ";
        for (gateway, missing) in [
            ("", "Job, Ledger, TaskList"),
            ("class Job {}\nexport class Ledger {}\nexport class TaskList {}", "Job"),
            ("export class Jobs {}\n// export class Job {}\nexport class Ledger {}\nexport class TaskList {}", "Job"),
        ] {
            assert_eq!(failures(configuration(WRANGLER, gateway)), [format!("{exports}{missing}")]);
        }
        let third = sentence("[\"Job\", \"Ledger\"]", "[\"Job\", \"Ledger\", \"Archive\"]");
        assert_eq!(third, format!("{exports}Archive"));
    }

    #[test]
    fn row_39_rate_limits_have_the_period_that_callers_are_told() {
        let right = |name| {
            format!(
                "✗ must be so: the rate limit {name} has a `limit` above 0 and a `period` of 10, as `Retry-After` says; but it "
            )
        };
        let submit = "{ limit = 20, period = 10 }";
        for (to, json) in [
            ("{ limit = 20, period = 60 }", r#"{"limit":20,"period":60}"#),
            ("{ limit = 0, period = 10 }", r#"{"limit":0,"period":10}"#),
            ("{ period = 10 }", r#"{"period":10}"#),
        ] {
            assert_eq!(sentence(submit, to), format!("{}is {json}", right("SUBMIT_LIMIT")));
        }
        assert_eq!(sentence("name = \"READ_LIMIT\"", "name = \"READS\""), right("READ_LIMIT") + "isn't set");
    }

    #[test]
    fn row_39_the_upload_stays_small() {
        assert_eq!(
            size("Total Upload: 163.61 KiB / gzip: 67.81 KiB").to_string(),
            "✓ the upload, gzipped, stays below 300 KB: 69.4 KB"
        );
        let large = size("Total Upload: 900.00 KiB / gzip: 292.97 KiB").to_string();
        assert_eq!(large, "✗ must be so: the upload, gzipped, stays below 300 KB; but it is 300.0 KB");
        assert!(size("").to_string().ends_with("; but build/worker/upload-size.txt has no such figure"));
    }

    #[test]
    fn row_39_the_worker_starts_soon() {
        let profile = |end: u64| {
            startup(startup_ms(&format!(r#"{{"nodes":[],"startTime":1000000,"endTime":{end}}}"#))).to_string()
        };
        assert_eq!(profile(1_025_599), "✓ start-up stays below 50 ms: 25.6 ms");
        assert_eq!(profile(1_050_000), "✗ must be so: start-up stays below 50 ms; but it is 50.0 ms");
        let unknown =
            "✗ must be so: start-up stays below 50 ms; but `wrangler check startup` wrote no profile that says how";
        assert!(profile(1_000_000).starts_with(unknown));
        assert!(startup(startup_ms("")).to_string().starts_with(unknown));
    }

    #[test]
    fn row_39_a_key_and_somebody_who_may_spend_it_are_among_the_secrets() {
        let listed = |names: &[&str]| {
            json!(names.iter().map(|name| json!({ "name": name, "type": "secret_text" })).collect::<Vec<_>>())
                .to_string()
        };
        let pages = &WRANGLER.replace("ORIGINS = \"\"", "ORIGINS = \"https://a.example\"");
        let [key, tokens, session] = ["MIDAPI_API_KEY", "MIDAPI_TOKENS", "MIDAPI_SESSION_SECRET"];
        let no_key = format!("✗ must be so: {key} is among the secrets; but it isn't; `npx wrangler secret put {key}`");
        let nobody = format!(
            "✗ must be so: {tokens} is among the secrets, or {session} with MIDAPI_SESSION_ORIGINS set in [vars]; but \
             nobody may call; `npx wrangler secret put {tokens} < tokens.json`"
        );
        let no_session = format!(
            "✗ must be so: {session} is among the secrets, as MIDAPI_SESSION_ORIGINS is set; but it isn't; \
             `npx wrangler secret put {session}`"
        );
        for (names, config, expected) in [
            (&[key, tokens][..], WRANGLER, vec![]),
            (&[key, session], pages, vec![]),
            (&[key, tokens, session], pages, vec![]),
            (&[tokens], WRANGLER, vec![&no_key]),
            (&[key], WRANGLER, vec![&nobody]),
            (&[key, session], WRANGLER, vec![&nobody]),
            (&[key, tokens], pages, vec![&no_session]),
            (&[key], pages, vec![&nobody, &no_session]),
        ] {
            assert_eq!(failures(secrets(&listed(names), config)), expected.into_iter().cloned().collect::<Vec<_>>());
        }
        assert_eq!(failures(secrets("not JSON", WRANGLER)), [no_key, nobody]);
    }
}
