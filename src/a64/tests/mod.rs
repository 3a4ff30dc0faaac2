mod doing;
