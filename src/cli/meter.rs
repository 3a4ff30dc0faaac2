//! The progress bar on a terminal's standard error.

use std::env;
use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::Progress;

/// What takes less shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Time between two looks at the counter.
const TICK: Duration = Duration::from_millis(100);

const WITH_TOTAL: &str = "{spinner} {bytes} of {total_bytes} [{wide_bar}] {eta}";
const WITHOUT_TOTAL: &str = "{spinner} {bytes} read, {elapsed}";

/// Shows how far reading has come, where somebody looks on. It goes away when dropped.
#[derive(Debug)]
pub(super) struct Meter {
    progress: Arc<Progress>,
    bar: ProgressBar,
    watcher: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Meter {
    /// A meter that shows itself unless it is unwanted or standard error is no terminal that can.
    pub(super) fn new(wanted: bool) -> Self {
        let progress = Arc::new(Progress::default());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let shown = wanted && io::stderr().is_terminal() && can_move(env::var("TERM").ok());
        let watcher = shown.then(|| {
            let (stop, stopped) = mpsc::channel();
            let (progress, bar) = (Arc::clone(&progress), bar.clone());
            let thread = thread::spawn(move || {
                let mut wait = PATIENCE;
                while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                    draw(&bar, &progress);
                    wait = TICK;
                }
                bar.finish_and_clear();
            });
            (stop, thread)
        });
        Self {
            progress,
            bar,
            watcher: Mutex::new(watcher),
        }
    }

    /// The counter it shows.
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Does what writes to the terminal while the bar is away.
    pub(super) fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }

    /// Takes the bar away for good.
    pub(super) fn end(&self) {
        let watcher = self.watcher.lock().map(|mut watcher| watcher.take());
        if let Ok(Some((stop, thread))) = watcher {
            drop(stop);
            // It draws and nothing else: how it ended changes no answer.
            let _ = thread.join();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end();
    }
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    if progress.done() == 0 {
        return;
    }
    let total = progress.total();
    if bar.is_hidden() || bar.length().is_some() != total.is_some() {
        let template = total.map_or(WITHOUT_TOTAL, |_| WITH_TOTAL);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
    }
    match total {
        Some(total) => bar.set_length(total),
        None => bar.unset_length(),
    }
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar.set_position(progress.done());
    bar.tick();
}

/// Whether a terminal of this kind can go back to the start of a line.
fn can_move(kind: Option<String>) -> bool {
    kind.is_some_and(|kind| !kind.is_empty() && kind != "dumb")
}

#[cfg(test)]
mod tests {
    use super::can_move;

    #[test]
    fn a_dumb_terminal_shows_no_bar() {
        assert!(can_move(Some("xterm-256color".to_owned())));
        assert!(!can_move(Some("dumb".to_owned())));
        assert!(!can_move(Some(String::new())));
        assert!(!can_move(None));
    }
}
