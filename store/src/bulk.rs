//! Writing many tickets at once, for measurements.
