use std::pin::Pin;

/// A future behind a pointer, so that its code stands in the module once and not again wherever it is awaited.
pub fn boxed<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(future)
}
