//! Names that loggers give to the message and to the error behind it.

/// In lower case. The order is no rank: all of them are read.
const KEYS: &[&str] = &[
    "msg",
    "message",
    "_msg",
    "@message",
    "@m",
    "short_message",
    "full_message",
    "log",
    "line",
    "text",
    "textpayload",
    "body",
    "raw",
    "content",
    "output",
    "stdout",
    "stderr",
    "error",
    "err",
    "errmsg",
    "cr_errmsg",
    "errormessage",
    "error_message",
    "reason",
    "cause",
    "detail",
    "details",
    "exception",
    "desc",
    "description",
];

/// Whether a value of this name is a message.
pub(super) fn says(key: &str) -> bool {
    KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}
