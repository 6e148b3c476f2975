use super::Error;

/// Ids are opaque: 32 hexadecimal digits in traffic, other shapes in the documentation. What no id can be is refused
/// before it reaches a URL.
pub fn checked_task_id(id: &str) -> Result<&str, Error> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if id.is_empty() || id.len() > 1024 || !id.bytes().all(fits) {
        return Err(Error::invalid("taskId", "must be a task's id: 1 to 1024 letters, digits, '_', '-' or '.'"));
    }
    Ok(id)
}
