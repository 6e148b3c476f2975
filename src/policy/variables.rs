use super::number::whole_number;
use super::setting::Reader;
use super::url::{endpoint, is_address};
use super::{Faults, HostName, Origin, Setting};
use crate::core::{Endpoint, Prices};

const UPSTREAM_URL: Setting = Setting::required(
    "MIDAPI_UPSTREAM_URL",
    "an https URL without user, query and fragment, or an http one on this machine",
);
const PUBLIC_URL: Setting = Setting::optional("MIDAPI_PUBLIC_URL", UPSTREAM_URL.must);
const DAILY_CREDITS: Setting = Setting::required("MIDAPI_DAILY_CREDITS", "a whole number from 1 to 4294967295");
const SESSION_ORIGINS: Setting =
    Setting::optional("MIDAPI_SESSION_ORIGINS", "origins as a browser sends them, separated by spaces");
const SESSION_DAILY_CREDITS: Setting =
    Setting::required("MIDAPI_SESSION_DAILY_CREDITS", "a whole number from 0 to 4294967295");
const SESSIONS_DAILY_CREDITS: Setting = Setting::required("MIDAPI_SESSIONS_DAILY_CREDITS", DAILY_CREDITS.must);
const PRICES: Setting = Setting::required(
    "MIDAPI_PRICES",
    r#"a JSON object of whole credits, or ranges of them, such as {"fast": 10, "video": [20, 40]}"#,
);
const ALERT_URL: Setting = Setting::optional("MIDAPI_ALERT_URL", "an https URL, or an http one on this machine");
const ALERT_PERCENT: Setting =
    Setting::required("MIDAPI_ALERT_PERCENT", "whole numbers from 1 to 100, rising, separated by spaces");

const FILE_HOSTS: Setting = Setting::optional(
    "MIDAPI_FILE_HOSTS",
    "lowercase DNS names with a dot, such as files.example.com, without scheme and port, separated by spaces",
);
const TURNSTILE_SITE_KEY: Setting =
    Setting::optional("MIDAPI_TURNSTILE_SITE_KEY", "1 to 100 of the characters A-Z a-z 0-9 _ -");
const FILES_DAYS: Setting = Setting::optional("MIDAPI_FILES_DAYS", "a whole number of days from 1 to 36500");

/// For how many days the copies of files are kept unless told: longer than a year.
const USUAL_FILES_DAYS: u32 = 400;

/// Every variable.
pub const VARIABLES: [Setting; 12] = [
    UPSTREAM_URL,
    PUBLIC_URL,
    DAILY_CREDITS,
    SESSION_ORIGINS,
    SESSION_DAILY_CREDITS,
    SESSIONS_DAILY_CREDITS,
    PRICES,
    ALERT_URL,
    ALERT_PERCENT,
    FILE_HOSTS,
    FILES_DAYS,
    TURNSTILE_SITE_KEY,
];

/// What anybody may know of how a gateway is set up: it stands in `wrangler.toml`.
#[derive(Clone, Debug)]
pub struct Variables {
    /// The vendor's address.
    pub upstream: Endpoint,
    /// The gateway's own, at which the vendor can call back.
    pub public_url: Option<Endpoint>,
    /// What all callers together may spend in a day.
    pub daily_credits: u32,
    /// Whose pages may open sessions.
    pub session_origins: Vec<Origin>,
    /// What one session, or all of one network address, may spend in a day. 0: a page needs a token for one.
    pub session_daily_credits: u32,
    /// What all sessions together may spend in a day.
    pub sessions_daily_credits: u32,
    /// What a submit may cost.
    pub prices: Prices,
    /// Where to post when a share of a cap is reached.
    pub alert_url: Option<String>,
    /// Which shares, in percent.
    pub alert_percent: Vec<u8>,
    /// The hosts that results are copied from.
    pub file_hosts: Vec<HostName>,
    /// For how many days the copies are kept.
    pub files_days: u32,
    /// What Turnstile's widget in a page is shown by.
    pub turnstile_site_key: Option<String>,
}

impl Variables {
    /// Reads them all, or says of each that is wrong what it must be.
    pub fn parse(get: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(get);
        let variables = Self::read(&mut reader);
        Faults::or(reader.faults, variables)
    }

    pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Option<Self> {
        let upstream = reader.read(&UPSTREAM_URL, |text| endpoint(text, |text| Endpoint::upstream(text).ok()));
        let public_url = reader.read(&PUBLIC_URL, |text| endpoint(text, |text| Endpoint::new(text, true).ok()));
        let daily_credits = reader.read(&DAILY_CREDITS, credits);
        let session_origins = reader.read(&SESSION_ORIGINS, origins).unwrap_or_default();
        let session_daily_credits = reader.read(&SESSION_DAILY_CREDITS, whole_number);
        let sessions_daily_credits = reader.read(&SESSIONS_DAILY_CREDITS, credits);
        let prices = reader.read(&PRICES, |text| Prices::parse(text).ok());
        let alert_url = reader.read(&ALERT_URL, |text| is_address(text).then(|| text.to_owned()));
        let alert_percent = reader.read(&ALERT_PERCENT, percents);
        let file_hosts = reader.read(&FILE_HOSTS, hosts).unwrap_or_default();
        let files_days = reader.read(&FILES_DAYS, days).unwrap_or(USUAL_FILES_DAYS);
        let turnstile_site_key = reader.read(&TURNSTILE_SITE_KEY, site_key);
        Some(Self {
            upstream: upstream?,
            public_url,
            daily_credits: daily_credits?,
            session_origins,
            session_daily_credits: session_daily_credits?,
            sessions_daily_credits: sessions_daily_credits?,
            prices: prices?,
            alert_url,
            alert_percent: alert_percent?,
            file_hosts,
            files_days,
            turnstile_site_key,
        })
    }
}

fn credits(text: &str) -> Option<u32> {
    whole_number(text).filter(|credits| *credits > 0)
}

fn origins(text: &str) -> Option<Vec<Origin>> {
    text.split(' ').map(|origin| origin.parse().ok()).collect()
}

fn hosts(text: &str) -> Option<Vec<HostName>> {
    text.split(' ').map(|host| host.parse().ok()).collect()
}

fn days(text: &str) -> Option<u32> {
    whole_number(text).filter(|days| (1..=36_500).contains(days))
}

fn site_key(text: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    ((1..=100).contains(&text.len()) && text.bytes().all(known)).then(|| text.to_owned())
}

fn percents(text: &str) -> Option<Vec<u8>> {
    let percents: Vec<u8> =
        text.split(' ').map(|percent| whole_number(percent)?.try_into().ok()).collect::<Option<_>>()?;
    let rise = percents.is_sorted_by(|one, next| one < next);
    (rise && percents.iter().all(|percent| (1..=100).contains(percent))).then_some(percents)
}
