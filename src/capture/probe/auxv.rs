//! How long a saved auxiliary vector `PR_SET_MM_MAP` takes.
//!
//! The kernel copies `auxv_size` bytes into `mm->saved_auxv` and refuses more than fit
//! (`prctl_set_mm_map` of `kernel/sys.c`); no privilege is asked for as long as no `exe_fd` is given. The
//! other fields must be in order, so they are those of the process itself, as /proc/self/stat has them.

/// Lengths tried, bytes: from one pair to far more than any kernel has room for (432 in 7.3).
pub const LENGTHS: std::ops::RangeInclusive<u32> = PAIR..=1024;
/// Bytes of a pair.
pub const PAIR: u32 = 16;
/// `EINVAL`.
const EINVAL: i32 = 22;

/// What became of the lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They could not be tried; the reason.
    Failed(String),
    /// Each length with the error number, 0 for those taken; ascending.
    Tried(Vec<(u32, i32)>),
}

impl Answer {
    /// The longest vector the kernel takes, bytes.
    ///
    /// # Errors
    /// Why it is not known, in words.
    pub fn limit(&self) -> Result<u64, String> {
        let tried = match self {
            Self::Failed(why) => return Err(why.clone()),
            Self::Tried(tried) => tried,
        };
        let taken = tried.iter().take_while(|(_, error)| *error == 0).count();
        let longest = tried.get(..taken).and_then(<[_]>::last);
        let Some((longest, _)) = longest else {
            let error = tried.first().map_or(0, |(_, error)| *error);
            let error = std::io::Error::from_raw_os_error(error);
            return Err(format!("PR_SET_MM_MAP takes no vector at all: {error}"));
        };
        // All longer ones must be refused, and for their length.
        match tried.get(taken..) {
            Some(rest) if !rest.is_empty() && rest.iter().all(|(_, error)| *error == EINVAL) => {
                Ok(u64::from(*longest))
            }
            _ => Err("PR_SET_MM_MAP shows no limit".to_owned()),
        }
    }
}

/// The first eleven words of `struct prctl_mm_map` (`include/uapi/linux/prctl.h`): start_code, end_code,
/// start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end.
pub type MmFields = [u64; 11];

/// Reads them from /proc/PID/stat (proc_pid_stat(5), fields 26 to 28 and 45 to 51). `None` where a field is
/// missing.
///
/// The heap is taken to be empty, and the data to end before it, since older kernels want that and a
/// position-independent program has its heap elsewhere: good for a process that ends without using either.
#[must_use]
pub fn fields(stat: &str) -> Option<MmFields> {
    // The name, field 2, is in brackets and may hold anything; field 3 follows it.
    let (_, rest) = stat.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| words.get(number.checked_sub(3)?)?.parse::<u64>().ok();
    let start_brk = field(47)?;
    let end_data = field(46)?.min(start_brk.checked_sub(1)?);
    let start_data = field(45)?.min(end_data);
    Some([
        field(26)?,
        field(27)?,
        start_data,
        end_data,
        start_brk,
        start_brk,
        field(28)?,
        field(48)?,
        field(49)?,
        field(50)?,
        field(51)?,
    ])
}
