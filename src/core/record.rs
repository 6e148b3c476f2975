use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::SerializeDisplay;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::given::Given;
use super::{Error, Kind, Operation, Word, de, decode, link};

/// The code of a failed task: the record's documentation says integer, the callback's says string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ErrorCode {
    /// As in records.
    Number(i64),
    /// As in the callback of a video extension.
    Text(String),
}

/// The vendor's task record, read tolerantly and written in one shape: in the vendor's spelling, with its `null`s, so that
/// a client of the vendor reads it as it always has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The task.
    pub task_id: String,
    /// Its type; upscales have types the reference doesn't list.
    #[serde(default, deserialize_with = "de::lenient_text")]
    pub task_type: Option<String>,
    /// The request, as a JSON text.
    #[serde(default, deserialize_with = "de::lenient_text")]
    pub param_json: Option<String>,
    /// When it was created, in milliseconds since 1970.
    #[serde(default, deserialize_with = "de::time")]
    pub create_time: Option<i64>,
    /// When it ended, in milliseconds since 1970.
    #[serde(default, deserialize_with = "de::time")]
    pub complete_time: Option<i64>,
    /// The results.
    #[serde(default, rename = "resultInfoJson")]
    pub results: Results,
    /// 0 generating, 1 success, 2 failed, 3 created but generation failed (*Q*). One that is missing counts as 0: nothing
    /// is known to have ended.
    #[serde(default, deserialize_with = "flag")]
    pub success_flag: i64,
    /// Why it failed.
    #[serde(default, deserialize_with = "de::error_code")]
    pub error_code: Option<ErrorCode>,
    /// Why it failed, in words.
    #[serde(default, deserialize_with = "de::lenient_text")]
    pub error_message: Option<String>,
    /// When the links end, in milliseconds since 1970, if a gateway says so.
    #[serde(default, deserialize_with = "de::lenient_whole", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The copies that a gateway keeps of the files.
    #[serde(default, deserialize_with = "archive", skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
}

/// The copies that a gateway keeps of a task's files. Where they are done, the links lead to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archive {
    /// Where they stand.
    pub state: ArchiveState,
    /// The files that it refuses to copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedFile>,
}

/// Where the copies of a task's files stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, SerializeDisplay, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum ArchiveState {
    /// Some are still to be made.
    Pending,
    /// All are made that can be made.
    Done,
    /// The vendor deleted the files before all copies were made.
    Expired,
}

/// A file that a gateway refuses to copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedFile {
    /// Its number, counted from 1.
    pub index: usize,
    /// Why, in words.
    pub reason: String,
}

impl Archive {
    /// What isn't understood is no reason to lose a record. By hand, as serde's derive is 1 KB of the package's module.
    fn of(given: &Given) -> Option<Self> {
        let state = ArchiveState::from_word(given.field("state")?.text()?)?;
        let file = |file: &Given| {
            let index = usize::try_from(file.field("index")?.whole()?).ok()?;
            Some(RefusedFile { index, reason: file.field("reason")?.text()?.to_owned() })
        };
        let refused = match given.field("refused") {
            Some(Given::List(files)) => files.iter().filter_map(file).collect(),
            _ => Vec::new(),
        };
        Some(Self { state, refused })
    }
}

fn archive<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Archive>, D::Error> {
    Ok(Archive::of(&Given::deserialize(from)?))
}

impl Record {
    /// The error of a success that shows nothing, though something came: links that can't be used, or a message.
    pub(crate) fn unreadable_success(&self) -> Option<Error> {
        if self.success_flag != 1 || !self.results.is_empty() {
            return None;
        }
        let what = match (&self.results.unusable, &self.error_message) {
            (Some(link), _) => format!("its links can't be used, such as `{link}`"),
            (None, Some(message)) => format!("all that came is the message `{message}`"),
            (None, None) => return None,
        };
        let message = format!("the server says that the task succeeded, but {what}");
        Some(Error::unanswered(Operation::Read, Kind::BadResponse, &message))
    }
}

fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    Ok(de::lenient_integer(from)?.unwrap_or_default())
}

/// The links to the results, each in its place: people and the vendor's routes count the places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// The links, spelled as a browser spells them; `None` where there is no usable one. Empty until the task succeeds.
    pub urls: Vec<Option<String>>,
    /// The first link that isn't usable, as it came.
    pub unusable: Option<String>,
}

impl Results {
    /// The results behind these links.
    pub fn of<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        let given = urls.into_iter().map(|url| Given::Text(url.to_owned())).collect();
        Self::from(Given::Object(vec![("resultUrls".to_owned(), Given::List(given))]))
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.urls.iter().all(Option::is_none)
    }
}

/// `{"resultUrls": [{"resultUrl": …}]}`, the same as a JSON text, or with plain strings as in callbacks. What is no link to
/// the web is no result: callers put these into pages.
impl From<Given> for Results {
    fn from(given: Given) -> Self {
        let parsed = match &given {
            Given::Text(text) => decode::given(text),
            _ => None,
        };
        let given = parsed.as_ref().unwrap_or(&given);
        let Some(Given::List(items)) = given.field("resultUrls") else { return Self::default() };
        let mut results = Self::default();
        for item in items {
            let link = item.field("resultUrl").unwrap_or(item);
            let url = match link {
                Given::Text(text) => link::of_result(text),
                _ => None,
            };
            if let (None, Given::Text(text)) = (&url, link)
                && !text.is_empty()
            {
                results.unusable.get_or_insert_with(|| text.chars().take(100).collect());
            }
            results.urls.push(url);
        }
        results
    }
}

impl<'de> Deserialize<'de> for Results {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Given::deserialize(from).map(Self::from)
    }
}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ResultUrls<'a> {
            result_urls: Vec<ResultUrl<'a>>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct ResultUrl<'a> {
            result_url: Option<&'a str>,
        }
        if self.is_empty() {
            return serializer.serialize_none();
        }
        let result_urls = self.urls.iter().map(|url| ResultUrl { result_url: url.as_deref() }).collect();
        ResultUrls { result_urls }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_says_of_copies_is_read_and_what_it_may_say_one_day_loses_no_record() {
        let read = |archive: &str| {
            let record = format!(r#"{{"taskId": "a", "archive": {archive}, "expiresAt": 5}}"#);
            decode::given(&record).and_then(decode::lenient::<Record>).map(|record| (record.archive, record.expires_at))
        };
        let refused = vec![RefusedFile { index: 2, reason: "why".to_owned() }];
        let done = Archive { state: ArchiveState::Done, refused };
        assert_eq!(
            read(r#"{"state": "done", "refused": [{"index": 2, "reason": "why"}]}"#),
            Some((Some(done), Some(5)))
        );
        let pending = Archive { state: ArchiveState::Pending, refused: Vec::new() };
        assert_eq!(read(r#"{"state": "pending", "more": 1}"#), Some((Some(pending), Some(5))));
        for odd in ["null", "1", "{}", r#"{"state": "frozen"}"#, r#""done""#] {
            assert_eq!(read(odd), Some((None, Some(5))), "{odd}");
        }
    }
}
