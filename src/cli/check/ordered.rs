//! Work on many things at a time, with what comes of it in the order of the things.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// No thread begins with a thing that lies this many before the first unfinished one: what must wait for
/// its turn is kept in memory.
const AHEAD: usize = 64;

/// As much as the main thread commonly has: what is read must not depend on who reads it.
const STACK_BYTES: usize = 8 << 20;

/// What comes of one thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<T> {
    /// A piece.
    Piece(T),
    /// That was all of it.
    Done,
    /// The work on it panicked: more pieces may have been to come.
    Panicked,
}

/// Calls `work` with 0, 1, … below `count`, on at most `jobs` threads, and hands the pieces it gives to `take`, on this
/// thread and in the order of a single thread: all pieces of 0, then of 1, …, each as soon as its turn has come.
/// Ends early when `take` breaks.
///
/// # Errors
/// When not even one thread can be started.
pub(super) fn run<T: Send>(
    count: usize,
    jobs: NonZeroUsize,
    work: impl Fn(usize, &mut dyn FnMut(T)) + Sync,
    mut take: impl FnMut(usize, Step<T>) -> ControlFlow<()>,
) -> io::Result<()> {
    let queue = Queue::new(count);
    let (sender, receiver) = mpsc::channel();
    let serve = |sender: mpsc::Sender<(usize, Step<T>)>| {
        while let Some(at) = queue.next() {
            // Nobody listens any more after a break, and the queue is closed then.
            let mut give = |piece| drop(sender.send((at, Step::Piece(piece))));
            let end = match catch_unwind(AssertUnwindSafe(|| work(at, &mut give))) {
                Ok(()) => Step::Done,
                Err(_) => Step::Panicked,
            };
            drop(sender.send((at, end)));
        }
    };
    thread::scope(|scope| {
        let mut failed = None;
        let mut started: usize = 0;
        for _ in 0..jobs.get().min(count) {
            let (serve, sender) = (&serve, sender.clone());
            let thread = thread::Builder::new().stack_size(STACK_BYTES);
            match thread.spawn_scoped(scope, move || serve(sender)) {
                Ok(_) => started += 1,
                // Those that run do the work of all.
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        drop(sender);
        if started > 0 {
            in_order(&queue, &receiver, &mut take);
            queue.close();
        }
        match failed {
            Some(error) if started == 0 => Err(error),
            _ => Ok(()),
        }
    })
}

/// Hands over what arrives, keeping back what is not yet due.
fn in_order<T>(
    queue: &Queue,
    receiver: &mpsc::Receiver<(usize, Step<T>)>,
    take: &mut impl FnMut(usize, Step<T>) -> ControlFlow<()>,
) {
    let mut due = 0;
    let mut early: BTreeMap<usize, Vec<Step<T>>> = BTreeMap::new();
    for (at, step) in receiver {
        if at != due {
            early.entry(at).or_default().push(step);
            continue;
        }
        let mut steps = vec![step];
        while !steps.is_empty() {
            for step in steps {
                let ended = !matches!(step, Step::Piece(_));
                if take(due, step).is_break() {
                    return;
                }
                if ended {
                    due += 1;
                    queue.finished(due);
                }
            }
            steps = early.remove(&due).unwrap_or_default();
        }
    }
}

/// What is to be done, and how far it has come.
struct Queue {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    next: usize,
    count: usize,
    /// How many of the first things are finished.
    finished: usize,
}

impl Queue {
    fn new(count: usize) -> Self {
        Self {
            state: Mutex::new(State {
                next: 0,
                count,
                finished: 0,
            }),
            moved: Condvar::new(),
        }
    }

    /// The next thing, as soon as it is not too far ahead; `None` when there is none.
    fn next(&self) -> Option<usize> {
        let mut state = self
            .moved
            .wait_while(self.state(), |state| {
                state.next < state.count && state.next >= state.finished.saturating_add(AHEAD)
            })
            .unwrap_or_else(PoisonError::into_inner);
        let at = state.next;
        (at < state.count).then(|| state.next = at + 1)?;
        Some(at)
    }

    fn finished(&self, count: usize) {
        self.state().finished = count;
        self.moved.notify_all();
    }

    /// No thing begins any more.
    fn close(&self) {
        let mut state = self.state();
        state.count = state.next;
        drop(state);
        self.moved.notify_all();
    }

    /// Nothing panics while it holds the lock, and numbers are whole in any case.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::ops::ControlFlow;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::{sleep, yield_now};
    use std::time::Duration;

    use super::{AHEAD, Step, run};

    fn steps(
        count: usize,
        jobs: usize,
        work: impl Fn(usize, &mut dyn FnMut(usize)) + Sync,
    ) -> Vec<(usize, Step<usize>)> {
        let mut taken = Vec::new();
        run(count, NonZeroUsize::new(jobs).unwrap(), work, |at, step| {
            taken.push((at, step));
            ControlFlow::Continue(())
        })
        .unwrap();
        taken
    }

    #[test]
    fn the_order_is_that_of_one_thread() {
        let work = |at: usize, give: &mut dyn FnMut(usize)| {
            for piece in 0..at % 4 {
                // The first ones of each group are the slowest.
                sleep(Duration::from_micros(300 * (7 - at as u64 % 8)));
                give(piece);
            }
        };
        let alone = steps(200, 1, work);
        let pieces: usize = (0..200).map(|at| at % 4).sum();
        assert_eq!(alone.len(), pieces + 200);
        for jobs in [2, 8, 500] {
            assert_eq!(steps(200, jobs, work), alone);
        }
        assert_eq!(steps(0, 3, work), []);
    }

    #[test]
    fn who_is_due_is_handed_over_at_once() {
        let seen = AtomicUsize::new(0);
        run(
            1,
            NonZeroUsize::MIN,
            |_, give: &mut dyn FnMut(usize)| {
                for piece in 0..3 {
                    give(piece);
                    while seen.load(Ordering::SeqCst) <= piece {
                        yield_now();
                    }
                }
            },
            |_, _| {
                seen.fetch_add(1, Ordering::SeqCst);
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(seen.into_inner(), 4);
    }

    #[test]
    fn nobody_runs_far_ahead() {
        let (begun, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        run(
            5 * AHEAD,
            NonZeroUsize::new(3).unwrap(),
            |at, give: &mut dyn FnMut(usize)| {
                begun.fetch_max(at, Ordering::SeqCst);
                if at == 0 {
                    sleep(Duration::from_millis(50));
                    give(begun.load(Ordering::SeqCst));
                }
            },
            |_, step| {
                match step {
                    Step::Piece(begun) => assert!(begun < AHEAD, "{begun}"),
                    Step::Done => drop(finished.fetch_add(1, Ordering::SeqCst)),
                    Step::Panicked => panic!(),
                }
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(finished.into_inner(), 5 * AHEAD);
    }

    #[test]
    fn a_panic_is_told_and_stops_nobody_else() {
        let taken = steps(3 * AHEAD, 2, |at, give| {
            give(at);
            assert!(at != 1, "this panic is part of a test");
        });
        assert_eq!(
            taken[..5],
            [
                (0, Step::Piece(0)),
                (0, Step::Done),
                (1, Step::Piece(1)),
                (1, Step::Panicked),
                (2, Step::Piece(2)),
            ]
        );
        assert_eq!(taken.len(), 6 * AHEAD);
    }

    #[test]
    fn a_break_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let mut taken = 0;
        run(
            1000 * AHEAD,
            NonZeroUsize::new(2).unwrap(),
            |_, _: &mut dyn FnMut(())| {
                begun.fetch_add(1, Ordering::SeqCst);
            },
            |_, _| {
                taken += 1;
                if taken == 3 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )
        .unwrap();
        assert_eq!(taken, 3);
        assert!(begun.into_inner() <= 3 + AHEAD);
    }
}
