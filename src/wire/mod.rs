//! wire: being laid.
