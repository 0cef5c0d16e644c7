//! What a careful engineer would write in Rust instead of tocsin's reading part: JSON, names by
//! Aho-Corasick, copies by MinHash and LSH. No clean-up, no language, no judgement.
//! native-bench ALIASES: articles as JSON lines on stdin, a result line for each on stdout.
use daachorse::{DoubleArrayAhoCorasickBuilder, MatchKind};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Write};

const SKETCH: usize = 128;
const BANDS: usize = 16;
const ROWS: usize = SKETCH / BANDS;

#[derive(Deserialize)]
struct Article<'a> {
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    title: Cow<'a, str>,
    #[serde(borrow, default)]
    body: Cow<'a, str>,
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d049bb133111eb);
    value ^ (value >> 31)
}

/// Hashes of the lower-cased words.
fn words(text: &str, hashes: &mut Vec<u64>) {
    let mut hash = 0u64;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte >= 0x80 {
            hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x100000001b3) + 1;
        } else if hash != 0 {
            hashes.push(mix(hash));
            hash = 0;
        }
    }
    if hash != 0 {
        hashes.push(mix(hash));
    }
}

struct Functions {
    multiplier: [u32; SKETCH],
    addend: [u32; SKETCH],
}

fn sketch(functions: &Functions, words: &[u64]) -> [u32; SKETCH] {
    let mut minima = [u32::MAX; SKETCH];
    for shingle in words.windows(3) {
        let hash = mix(mix(mix(shingle[0]) ^ shingle[1]) ^ shingle[2]);
        let value = (hash >> 32) as u32;
        for k in 0..SKETCH {
            let place = value.wrapping_mul(functions.multiplier[k]).wrapping_add(functions.addend[k]);
            minima[k] = minima[k].min(place);
        }
    }
    minima
}

fn main() {
    let path = std::env::args().nth(1).expect("native-bench ALIASES");
    let aliases = std::fs::read_to_string(path).unwrap();
    let automaton = DoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build_with_values(aliases.lines().enumerate().map(|(i, a)| (a, i as u32)))
        .unwrap();
    let mut functions = Functions { multiplier: [0; SKETCH], addend: [0; SKETCH] };
    for k in 0..SKETCH {
        functions.multiplier[k] = (mix(2 * k as u64 + 1) as u32) | 1;
        functions.addend[k] = mix(2 * k as u64 + 2) as u32;
    }
    let mut bands: Vec<HashMap<u64, u32>> = vec![HashMap::new(); BANDS];
    let mut sketches: Vec<[u32; SKETCH]> = Vec::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut input = std::io::stdin().lock();
    let (mut line, mut tokens) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).unwrap() == 0 {
            break;
        }
        let Ok(article) = serde_json::from_slice::<Article>(&line) else { continue };
        tokens.clear();
        words(&article.title, &mut tokens);
        words(&article.body, &mut tokens);
        let own = sketch(&functions, &tokens);
        let number = sketches.len() as u32;
        let mut best = (0usize, 0u32);
        for (band, table) in bands.iter_mut().enumerate() {
            let rows = &own[band * ROWS..(band + 1) * ROWS];
            let key = rows.iter().fold(0u64, |key, row| mix(key ^ u64::from(*row)));
            if let Some(earlier) = table.insert(key, number) {
                let other = &sketches[earlier as usize];
                let equal = own.iter().zip(other).filter(|(a, b)| a == b).count();
                best = best.max((equal, earlier));
            }
        }
        sketches.push(own);
        write!(out, "{{\"id\":\"{}\",\"copy_of\":{},\"names\":[", article.id,
               if best.0 >= SKETCH / 2 { i64::from(best.1) } else { -1 }).unwrap();
        for text in [&article.title, &article.body] {
            for found in automaton.leftmost_find_iter(text.as_bytes()) {
                let bytes = text.as_bytes();
                let begins = found.start() == 0 || !bytes[found.start() - 1].is_ascii_alphanumeric();
                let ends = found.end() == bytes.len() || !bytes[found.end()].is_ascii_alphanumeric();
                if begins && ends {
                    write!(out, "[{},{},{}],", found.value(), found.start(), found.end()).unwrap();
                }
            }
        }
        out.write_all(b"0]}\n").unwrap();
    }
}
