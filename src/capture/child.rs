//! A child that does one thing, and what became of it.
#![expect(unsafe_code, reason = "fork, signal and _exit have no safe interface")]

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, kill_process, set_dumpable_behavior,
    set_parent_process_death_signal, waitpid,
};

/// How long a child may take; each needs milliseconds, under emulation too.
const LIMIT: Duration = Duration::from_secs(10);
/// How often its end is looked for once it has closed its pipe.
const PAUSE: Duration = Duration::from_micros(200);
/// Bytes kept of what a child writes: more than a signal frame of the largest size.
const MOST: usize = 512 * 1024;
/// Signals whose handlers a child must not inherit: a handler in place of the kernel's own answer to a
/// refused frame would let the child live.
const DEFAULTS: [i32; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGFPE,
    libc::SIGSYS,
    libc::SIGABRT,
];

/// What a child left.
#[derive(Debug)]
pub(in crate::capture) struct Left {
    /// What it wrote.
    pub(in crate::capture) bytes: Vec<u8>,
    /// How it ended.
    pub(in crate::capture) end: End,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum End {
    /// With this exit status.
    Exit(i32),
    /// Of this signal.
    Signal(i32),
    /// It had to be ended.
    TimedOut,
}

/// Runs `work` in a child; its answer is the exit status, and what it writes to its descriptor is kept.
///
/// `work` must not allocate or take locks, nor unwind: it runs in a copy of a process whose other threads are
/// gone.
///
/// # Errors
/// No child could be started, or its end was seen by somebody else.
pub(in crate::capture) fn run(work: impl FnOnce(BorrowedFd<'_>) -> i32) -> io::Result<Left> {
    run_within(LIMIT, work)
}

fn run_within(limit: Duration, work: impl FnOnce(BorrowedFd<'_>) -> i32) -> io::Result<Left> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: the child makes system calls only, as this function asks of `work`, and ends with `_exit`,
    // whatever `work` does (see `Leave`); so it neither needs locks of threads it does not have nor runs
    // code of the parent twice.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let mut leave = Leave(FAILED);
        prepare();
        leave.0 = work(writer.as_fd());
        drop(leave);
    }
    drop(writer);
    let Some(pid) = Pid::from_raw(pid) else {
        return Err(io::Error::last_os_error());
    };
    watch(pid, reader, limit)
}

/// Exit status of a child that did not come to the end of its work.
const FAILED: i32 = 127;

/// Ends the child, also when its work unwinds.
struct Leave(i32);

impl Drop for Leave {
    fn drop(&mut self) {
        // SAFETY: ends the process at once; nothing of it is used afterwards.
        unsafe { libc::_exit(self.0) }
    }
}

/// Takes from a fresh child what could disturb: it leaves no core dump, ends with its parent, and meets
/// signals as a new program does. Failures only cost comfort, but for the handlers, which frames of known
/// answer show (see `weigh`).
fn prepare() {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // SAFETY: `none` is written before it is read.
    unsafe {
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
    for signal in DEFAULTS {
        // SAFETY: SIG_DFL is no function that could be called; these signals may be given it.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Reads what the child writes until it ends, or is ended.
fn watch(pid: Pid, reader: PipeReader, limit: Duration) -> io::Result<Left> {
    let began = Instant::now();
    let mut bytes = Vec::new();
    let read = read_until_closed(reader, began, limit, &mut bytes);
    loop {
        let waited = waitpid(Some(pid), WaitOptions::NOHANG)?;
        if let Some((_, status)) = waited {
            read?;
            let exit = status.exit_status().map(End::Exit);
            let end = exit.or_else(|| status.terminating_signal().map(End::Signal));
            return Ok(Left {
                bytes,
                end: end.unwrap_or(End::TimedOut),
            });
        }
        if read.is_err() || began.elapsed() >= limit {
            kill_process(pid, Signal::KILL)?;
            waitpid(Some(pid), WaitOptions::empty())?;
            read?;
            return Ok(Left {
                bytes,
                end: End::TimedOut,
            });
        }
        std::thread::sleep(PAUSE);
    }
}

fn read_until_closed(
    mut reader: PipeReader,
    began: Instant,
    limit: Duration,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let mut chunk = [0; 4096];
    loop {
        let left = limit.saturating_sub(began.elapsed());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&reader, PollFlags::IN)], Some(&left)) {
            // Its time is over.
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let len = reader.read(&mut chunk)?;
        if len == 0 || bytes.len().saturating_add(len) > MOST {
            return Ok(());
        }
        bytes.extend(chunk.iter().take(len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_wrote_and_how_it_ended_is_told() {
        let left = run(|out| {
            let _ = rustix::io::write(out, b"hello");
            3
        })
        .unwrap();
        assert_eq!(
            (left.bytes.as_slice(), left.end),
            (&b"hello"[..], End::Exit(3))
        );
    }

    #[test]
    fn more_than_a_pipe_holds_is_read() {
        let page = [7; 4096];
        let left = run(|out| {
            for _ in 0..64 {
                let _ = rustix::io::write(out, &page);
            }
            0
        })
        .unwrap();
        assert_eq!((left.bytes.len(), left.end), (64 * 4096, End::Exit(0)));
    }

    /// This program has a handler for SIGSEGV, that of Rust's library; a child must not.
    #[test]
    fn a_signal_ends_a_child_whatever_handlers_there_are() {
        for signal in [Signal::SEGV, Signal::ILL] {
            let left = run(|_| {
                let _ = kill_process(rustix::process::getpid(), signal);
                0
            })
            .unwrap();
            assert_eq!(left.end, End::Signal(signal.as_raw()));
        }
    }

    #[test]
    fn a_child_that_does_not_end_is_ended() {
        let began = Instant::now();
        let left = run_within(Duration::from_millis(100), |out| {
            let _ = rustix::io::write(out, b"a");
            std::thread::sleep(Duration::from_secs(60));
            0
        })
        .unwrap();
        assert_eq!(
            (left.bytes.as_slice(), left.end),
            (&b"a"[..], End::TimedOut)
        );
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
