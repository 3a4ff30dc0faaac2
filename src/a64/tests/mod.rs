mod any;
mod doing;
mod samples;
