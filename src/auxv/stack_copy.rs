//! The copy of the auxiliary vector on a program's initial stack.
//!
//! `create_elf_tables` of `fs/binfmt_elf.c` writes, upwards from `mm->start_stack`: argc, the argument
//! pointers and NULL, the environment pointers and NULL, the vector up to AT_NULL. libc and every
//! runtime read this copy and never the kernel's own, which `prctl` and CRIU write back.

use super::at;
use super::error::{Error, Site};
use super::vector::Auxv;
use crate::memory::{Content, Memory};
use crate::units::{Addr, Place};

/// The copy, as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackCopy {
    /// Address of the first tag.
    pub addr: Addr,
    /// Where the words lie in the image, as far as they lie there in one piece; `None` where no image
    /// file holds the first of them.
    pub place: Option<Place>,
    /// Number of arguments.
    pub argc: u64,
    /// Number of environment pointers that are left.
    pub envc: u64,
    /// The words, including AT_NULL and its value.
    pub words: Vec<u64>,
}

impl StackCopy {
    /// The vector in the words.
    #[must_use]
    pub fn auxv(&self) -> Auxv {
        Auxv::from_words(&self.words)
    }

    /// Address of word `index` of the vector.
    #[must_use]
    pub fn word_addr(&self, index: usize) -> Option<Addr> {
        let bytes = u64::try_from(index).ok()?.checked_mul(WORD)?;
        (index < self.words.len()).then_some(())?;
        self.addr.checked_add(bytes)
    }
}

/// Bytes per word.
const WORD: u64 = 8;

/// Argument and environment pointers together: `bprm_set_stack_rlimit` and `prepare_arg_pages` of
/// `fs/exec.c` allow 6 MiB (three quarters of `_STK_LIM`) for strings and pointers.
pub const MAX_POINTERS: u64 = 6 * 1024 * 1024 / 8;

/// Words of the vector: ten times what the largest kernel so far can write (54), to leave room for
/// entries of later kernels.
pub const MAX_VECTOR_WORDS: usize = 540;

/// Reads words upwards.
struct Cursor<'a> {
    memory: &'a dyn Memory,
    at: Addr,
}

impl Cursor<'_> {
    fn next(&mut self, what: &'static str) -> Result<u64, Error> {
        let word = self
            .memory
            .read_u64(self.at)
            .map_err(|gap| Error::StackUnreadable { what, gap })?;
        // At the top of the address space the next read starts where this one did not: at no mapping.
        self.at = self.at.checked_add(WORD).unwrap_or(Addr(u64::MAX));
        Ok(word)
    }

    fn skip(&mut self, words: u64) {
        let bytes = words.saturating_mul(WORD);
        self.at = self.at.checked_add(bytes).unwrap_or(Addr(u64::MAX));
    }

    fn site(&self) -> Site {
        Site {
            addr: self.at,
            place: self.memory.place(self.at),
        }
    }

    fn site_before(&self) -> Site {
        let addr = self.at.checked_sub(WORD).unwrap_or(self.at);
        Site {
            addr,
            place: self.memory.place(addr),
        }
    }
}

/// Finds the copy from `start_stack`, the address of argc (`mm_start_stack` of CRIU's mm entry).
///
/// The values of the argument pointers are not looked at, since programs overwrite them. libc's
/// `unsetenv` moves the environment pointers down and leaves further NULLs behind them, so that any
/// number of them may precede the vector, which itself never begins with tag 0.
///
/// # Errors
/// The words are not in the image, or a program has changed them so that they are no longer an initial
/// stack.
pub fn find(memory: &dyn Memory, start_stack: Addr) -> Result<StackCopy, Error> {
    if !start_stack.is_aligned(16) {
        return Err(Error::StackUnaligned { addr: start_stack });
    }
    let mut cursor = Cursor {
        memory,
        at: start_stack,
    };
    let argc = cursor.next("argc")?;
    if argc > MAX_POINTERS {
        return Err(Error::TooManyArguments {
            at: cursor.site_before(),
            argc,
            max: MAX_POINTERS,
        });
    }
    cursor.skip(argc);
    let null = cursor.next("the end of the argument pointers")?;
    if null != 0 {
        return Err(Error::ArgvNotTerminated {
            at: cursor.site_before(),
            argc,
            word: null,
        });
    }
    let envc = skip_environment(&mut cursor, MAX_POINTERS.saturating_sub(argc))?;
    let Site { addr, .. } = cursor.site_before();
    // The word before the cursor is the first that is neither a pointer nor NULL: the first tag.
    cursor.at = addr;
    let words = read_vector(&mut cursor)?;
    let place = match memory.run_at(addr, cursor.at).content {
        Content::Bytes { place, .. } => Some(place),
        _ => None,
    };
    let copy = StackCopy {
        addr,
        place,
        argc,
        envc,
        words,
    };
    match copy.auxv().page_size() {
        Some(_) => Ok(copy),
        None => Err(Error::NotAVector {
            at: Site {
                addr: copy.addr,
                place: copy.place,
            },
            why: "it has no AT_PAGESZ",
        }),
    }
}

/// Moves past the environment and its NULLs, to behind the first word after them; returns how many
/// pointers there are.
fn skip_environment(cursor: &mut Cursor<'_>, max: u64) -> Result<u64, Error> {
    let mut envc = 0_u64;
    let mut nulls = 0_u64;
    loop {
        let word = cursor.next("the environment pointers")?;
        match (word, nulls) {
            (0, _) => nulls = nulls.saturating_add(1),
            (_, 0) => envc = envc.saturating_add(1),
            _ => return Ok(envc),
        }
        if envc.saturating_add(nulls) > max.saturating_add(1) {
            return Err(Error::EnvpNotTerminated {
                at: cursor.site(),
                max,
            });
        }
    }
}

/// Reads pairs up to and including AT_NULL and its value.
fn read_vector(cursor: &mut Cursor<'_>) -> Result<Vec<u64>, Error> {
    let start = cursor.site();
    let mut words = Vec::new();
    while words.len() < MAX_VECTOR_WORDS {
        let tag = cursor.next("the auxiliary vector")?;
        let value = cursor.next("the auxiliary vector")?;
        words.extend([tag, value]);
        if tag == at::AT_NULL {
            return Ok(words);
        }
    }
    Err(Error::NotAVector {
        at: start,
        why: "it has no AT_NULL within 540 words",
    })
}

/// One tag on which two vectors differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The tag.
    pub tag: u64,
    /// Its value in the vector CRIU saved; `None` where it is absent.
    pub saved: Option<u64>,
    /// Its value on the stack; `None` where it is absent.
    pub stack: Option<u64>,
}

/// The tags on which the saved vector and the copy on the stack differ, those of the saved one first,
/// each once. A process that was never restored or masked has none.
#[must_use]
pub fn compare(saved: &Auxv, stack: &Auxv) -> Vec<Difference> {
    let mut differences: Vec<Difference> = Vec::new();
    // Neither side is longer than MAX_VECTOR_WORDS where it counts, so looking up is cheap.
    let tags = saved
        .entries
        .iter()
        .chain(&stack.entries)
        .take(MAX_VECTOR_WORDS)
        .map(|entry| entry.tag);
    for tag in tags {
        let (here, there) = (saved.get(tag), stack.get(tag));
        if here != there && !differences.iter().any(|known| known.tag == tag) {
            differences.push(Difference {
                tag,
                saved: here,
                stack: there,
            });
        }
    }
    differences
}
