//! System calls in which a thread can be found waiting, by their arm64 numbers.
//!
//! A thread that is dumped inside one of them stands on the `svc` again (the kernel rewinds PC when a
//! restartable call is interrupted: `arch/arm64/kernel/signal.c` `do_signal`), with the number in x8.
//! A number that is not here belongs to a call that does not wait: a thread with such an x8 was not
//! stopped in that call but later, in user code, with x8 left over.

/// Calls that wait, ascending: number, name, and what the arguments are (`include/uapi/asm-generic/unistd.h`
/// and the prototypes of `include/linux/syscalls.h`, 7.3): `f` a file descriptor, `p` an address, `P` an
/// address or 0, `i` anything.
static WAITING: &[(u64, &str, &str)] = &[
    (4, "io_getevents", "iiiPP"),
    (22, "epoll_pwait", "fpiiP"),
    (25, "fcntl", "fii"),
    (29, "ioctl", "fii"),
    (32, "flock", "fi"),
    (56, "openat", "ipi"),
    (63, "read", "fpi"),
    (64, "write", "fpi"),
    (65, "readv", "fpi"),
    (66, "writev", "fpi"),
    (67, "pread64", "fpi"),
    (68, "pwrite64", "fpi"),
    (69, "preadv", "fpi"),
    (70, "pwritev", "fpi"),
    (71, "sendfile", "ffPi"),
    (72, "pselect6", "iPPPPP"),
    (73, "ppoll", "PiPP"),
    (75, "vmsplice", "fpi"),
    (76, "splice", "fPfP"),
    (77, "tee", "ffi"),
    (82, "fsync", "f"),
    (95, "waitid", "iiPi"),
    (98, "futex", "piiPPi"),
    (101, "nanosleep", "pP"),
    (115, "clock_nanosleep", "iipP"),
    (128, "restart_syscall", ""),
    (133, "rt_sigsuspend", "p"),
    (137, "rt_sigtimedwait", "pPPi"),
    (182, "mq_timedsend", "fpii"),
    (183, "mq_timedreceive", "fpiP"),
    (188, "msgrcv", "ipi"),
    (189, "msgsnd", "ipi"),
    (192, "semtimedop", "ipiP"),
    (193, "semop", "ipi"),
    (202, "accept", "fPP"),
    (203, "connect", "fpi"),
    (206, "sendto", "fpi"),
    (207, "recvfrom", "fpi"),
    (211, "sendmsg", "fp"),
    (212, "recvmsg", "fp"),
    (242, "accept4", "fPPi"),
    (243, "recvmmsg", "fpi"),
    (260, "wait4", "iPiP"),
    (269, "sendmmsg", "fpi"),
    (278, "getrandom", "pi"),
    (286, "preadv2", "fpi"),
    (287, "pwritev2", "fpi"),
    (292, "io_pgetevents", "iiiPPP"),
    (426, "io_uring_enter", "fiiiP"),
    (441, "epoll_pwait2", "fpiPP"),
    (449, "futex_waitv", "piiP"),
    (455, "futex_wait", "piiiP"),
];

/// A call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub name: &'static str,
    arguments: &'static str,
}

/// The call with this number, if it is one that waits.
#[must_use]
pub fn waiting(number: u64) -> Option<Waiting> {
    let index = WAITING
        .binary_search_by_key(&number, |(number, ..)| *number)
        .ok()?;
    WAITING
        .get(index)
        .map(|&(_, name, arguments)| Waiting { name, arguments })
}

/// File descriptors above this are not to be expected (`fs.nr_open` is 2^20 by default).
const LARGEST_DESCRIPTOR: u64 = 1 << 20;

impl Waiting {
    /// Whether x0 to x5 can be this call's arguments. x0 may also hold the result, when the call has just
    /// ended.
    #[must_use]
    pub fn fits(&self, x: &[u64; 31], mapped: impl Fn(u64) -> bool) -> bool {
        self.arguments
            .bytes()
            .zip(x)
            .enumerate()
            .all(|(index, (kind, value))| {
                let value = *value;
                let argument = match kind {
                    // AT_FDCWD and -1 are 32-bit negative numbers.
                    b'f' => {
                        value < LARGEST_DESCRIPTOR
                            || value as u32 as i32 >= -100 && value as u32 as i32 <= -1
                    }
                    b'p' => mapped(value),
                    b'P' => value == 0 || mapped(value),
                    _ => true,
                };
                let result = index == 0
                    && (value < LARGEST_DESCRIPTOR
                        || (value as i64) < 0 && (value as i64) >= -4095);
                argument || result
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sorted_and_found() {
        assert!(WAITING.is_sorted_by_key(|(number, ..)| *number));
        assert_eq!(waiting(101).map(|call| call.name), Some("nanosleep"));
        assert_eq!(waiting(178), None, "gettid never waits");
    }

    #[test]
    fn arguments_must_fit() {
        let mapped = |address: u64| (0x1000..0x2000).contains(&address);
        let mut x = [0; 31];
        x[0] = 0x1800;
        let nanosleep = waiting(101).unwrap();
        assert!(
            nanosleep.fits(&x, mapped),
            "restarted: x0 is the address of the time"
        );
        x[1] = 0x9000;
        assert!(!nanosleep.fits(&x, mapped), "x1 is neither mapped nor 0");
        x[1] = 0;
        x[0] = 0;
        assert!(nanosleep.fits(&x, mapped), "ended: x0 is the result");
        x[0] = 0x7fff_0000;
        assert!(
            !nanosleep.fits(&x, mapped),
            "neither an address nor a result"
        );
    }
}
