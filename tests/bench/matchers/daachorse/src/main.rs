//! daachorse (leftmost-longest) on the same files; prints one JSON line as measure.h does.
use daachorse::{DoubleArrayAhoCorasickBuilder, MatchKind};
use std::fs::read_to_string;

fn cpu_seconds() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn resident_kb() -> f64 {
    unsafe { libc::malloc_trim(0) };
    let status = read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let aliases = read_to_string(&args[1]).unwrap();
    let articles = read_to_string(&args[2]).unwrap();
    let before = resident_kb();
    let started = cpu_seconds();
    let automaton = DoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build_with_values(aliases.lines().enumerate().map(|(i, a)| (a, i as u32)))
        .unwrap();
    let build = cpu_seconds() - started;
    let resident = resident_kb() - before;
    let mut best = f64::MAX;
    let mut found = 0usize;
    for _ in 0..5 {
        let started = cpu_seconds();
        found = articles
            .lines()
            .map(|a| automaton.leftmost_find_iter(a).count())
            .sum();
        best = best.min(cpu_seconds() - started);
    }
    let count = articles.lines().count() as f64;
    let bytes: usize = articles.lines().map(str::len).sum();
    println!(
        "{{\"engine\":\"daachorse\",\"build_s\":{:.3},\"us_per_article\":{:.2},\"mb_per_s\":{:.1},\"matches\":{},\"resident_mb\":{:.1},\"table_mb\":{:.1},\"tokenise_us\":0}}",
        build, best * 1e6 / count, bytes as f64 / 1e6 / best, found, resident / 1024.0,
        automaton.heap_bytes() as f64 / 1048576.0
    );
}
