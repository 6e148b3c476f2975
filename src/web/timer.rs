use gloo_timers::future::TimeoutFuture;

use crate::client::Timer;

/// The host's `Date.now` and `setTimeout`.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostTimer;

impl Timer for HostTimer {
    fn now(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    fn sleep(&self, ms: u32) -> impl Future<Output = ()> {
        TimeoutFuture::new(ms)
    }
}
