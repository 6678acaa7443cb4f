//! How fast an estate of 50,000 resources is derived, judged and scored, on one core.

#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::unwrap_used, reason = "the made-up estate is shared with the tests")]

#[path = "../tests/shop/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod shop;

use std::time::{Duration, Instant};

use nephoscope_catalogue::Catalogue;
use nephoscope_model::Status;
use nephoscope_posture::derive::derive;
use nephoscope_posture::evaluate::{Court, evaluate};

const RESOURCES: usize = 50_000;
const ROUNDS: usize = 5;

fn main() {
    let catalogue = Catalogue::builtin().expect("the catalogue is inside the binary");
    let shop = shop::Shop::of(RESOURCES);
    let estate = shop.estate();
    let derived = derive(&estate);
    let evaluation = evaluate(&estate, &derived, &catalogue);

    let asked = evaluation.verdicts.len() as u64 + evaluation.not_applicable.values().sum::<u64>();
    let count = |status| evaluation.verdicts.iter().filter(|verdict| verdict.status == status).count();
    println!("resources           {RESOURCES}");
    println!("checks              {}", evaluation.checks.len());
    println!(
        "verdicts            {asked} ({} pass, {} fail, {} unknown, the rest not applicable)",
        count(Status::Pass),
        count(Status::Fail),
        count(Status::Unknown)
    );
    let derivation = best(|| (), |()| derive(&estate));
    println!(
        "derive              {:.0} resources/s ({derivation:.2?})",
        RESOURCES as f64 / derivation.as_secs_f64()
    );
    // As a scan does it: what is said of a resource is handed on before the next one is judged.
    let court = Court::of(&catalogue, estate.instant);
    let judging = best(
        || (),
        |()| {
            let judged = estate.resources.iter().zip(&derived.resources).enumerate();
            judged.fold(0, |count, (position, (held, derived))| {
                let said = court.judge(&estate, position, &held.resource.open(), &derived.facts);
                count + said.verdicts.len() + said.not_applicable.len()
            })
        },
    );
    println!("evaluate            {:.0} verdicts/s ({judging:.2?})", asked as f64 / judging.as_secs_f64());
}

/// The shortest of a few rounds: whatever else the machine does only ever makes one longer.
fn best<I, T>(mut prepare: impl FnMut() -> I, mut work: impl FnMut(I) -> T) -> Duration {
    (0..ROUNDS)
        .map(|_| {
            let input = prepare();
            let start = Stopwatch::start();
            let result = std::hint::black_box(work(input));
            let taken = start.read();
            drop(result);
            taken
        })
        .min()
        .unwrap_or_default()
}

/// Time that the thread was running, where the system tells; elsewhere time that passed.
struct Stopwatch {
    running: Option<Duration>,
    passed: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self { running: running(), passed: Instant::now() }
    }

    fn read(&self) -> Duration {
        match (self.running, running()) {
            (Some(before), Some(after)) => after - before,
            _ => self.passed.elapsed(),
        }
    }
}

/// How long this thread has been running, as Linux counts it.
fn running() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
