use aes_gcm_siv::aead::{Aead, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::core::{Error, Secret, checked_task_id};

/// The gateway's own task ids: the vendor's, sealed under a key that is derived from the vendor's key.
///
/// Nothing needs to be stored for them, and an id this gateway never gave out is refused before anything is sent, the
/// vendor's own ids included (they still show in the links to its files). The cipher is one that is safe without a nonce, so the same task always has the same id.
pub struct TaskIds(Aes256GcmSiv);

impl TaskIds {
    pub fn new(key: &Secret) -> Self {
        let mut hash = Sha256::new_with_prefix("midapi gateway task ids\0");
        hash.update(key.expose());
        Self(Aes256GcmSiv::new(&hash.finalize()))
    }

    /// The id a caller gets for the vendor's.
    pub fn seal(&self, vendor_id: &str) -> Result<String, Error> {
        let sealed = self.0.encrypt(&Nonce::default(), vendor_id.as_bytes());
        let sealed = sealed.map_err(|_| Error::invalid("taskId", "the vendor's id is too long"))?;
        Ok(Base64UrlUnpadded::encode_string(&sealed))
    }

    /// The vendor's id behind a caller's.
    pub fn open(&self, id: &str) -> Result<String, Error> {
        let sealed = Base64UrlUnpadded::decode_vec(checked_task_id(id)?).ok();
        let vendor_id = sealed.and_then(|sealed| self.0.decrypt(&Nonce::default(), sealed.as_slice()).ok());
        vendor_id.and_then(|id| String::from_utf8(id).ok()).ok_or_else(unknown_task)
    }
}

/// The vendor's own answer to an id it doesn't know, naming the field. It is the same for an id that isn't ours.
pub fn unknown_task() -> Error {
    Error::invalid("taskId", "The record does not exist")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn ids(key: &str) -> TaskIds {
        TaskIds::new(&Secret::new(key).unwrap())
    }

    #[test]
    fn an_id_opens_with_the_key_that_sealed_it_and_hides_the_vendors() {
        let id = ids("one").seal("9f47c52047dda21bb3df0488736cce57").unwrap();
        assert_eq!(ids("one").open(&id).unwrap(), "9f47c52047dda21bb3df0488736cce57");
        assert!(!id.contains("9f47"));
        assert_eq!(checked_task_id(&id).unwrap(), id);
    }

    #[test]
    fn every_other_id_is_unknown() {
        let id = ids("one").seal("9f47c52047dda21bb3df0488736cce57").unwrap();
        let mut tampered = id.clone().into_bytes();
        tampered[3] ^= 1;
        for (key, id) in [
            ("two", id.as_str()),
            ("one", std::str::from_utf8(&tampered).unwrap()),
            ("one", "9f47c52047dda21bb3df0488736cce57"),
            ("one", &id[1..]),
            ("one", "a"),
        ] {
            assert_eq!(ids(key).open(id).unwrap_err().field.as_deref(), Some("taskId"));
        }
    }
}
