use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

/// The future's output, or `None` if `end` comes first; then the future is dropped and with it all it waits for.
pub async fn race<F: Future>(future: F, end: impl Future<Output = ()>) -> Option<F::Output> {
    let (mut future, mut end) = (pin!(future), pin!(end));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
