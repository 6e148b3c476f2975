/// Panics on a word, for the tests of what happens then.
#[allow(clippy::panic)]
pub(crate) fn crash_if(word: &str, said: &str) {
    if said == word {
        panic!("as asked");
    }
}
