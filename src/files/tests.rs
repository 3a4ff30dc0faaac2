//! Which files are needed, where they lie, and what is found.

mod build;
mod found;
mod places;
