mod doing;
mod samples;
