//! One run of the program: how long it took, how large it grew, and the floor that it printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run took.
pub struct Ran {
    pub time: Duration,
    /// The floor as the program prints it.
    pub floor: String,
    /// The largest resident size, in kilobytes.
    pub peak: u64,
}

/// Runs the release binary in `folder`, with these variables beside its own.
pub fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let begun = Instant::now();
    let child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let pid = child.id();
    let watch = std::thread::spawn(move || peak_of(pid));
    let output = child.wait_with_output().expect("the program ends");
    let time = begun.elapsed();
    let text =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let floor = text.lines().find_map(|line| line.split_once("at least ")).map(|(_, floor)| floor.to_owned());
    let peak = watch.join().expect("the watch ends with the program");
    Ran { time, floor: floor.unwrap_or_else(|| "not said".to_owned()), peak }
}

/// The largest resident size that the process ever had, in kilobytes, read until it ends.
fn peak_of(pid: u32) -> u64 {
    let status = PathBuf::from(format!("/proc/{pid}/status"));
    let mut peak = 0;
    while let Some(now) = high_water(&status) {
        peak = peak.max(now);
        std::thread::sleep(Duration::from_millis(100));
    }
    peak
}

fn high_water(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The release binary, beside the bench's own.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a bench knows where it is");
    let folder = here.ancestors().nth(2).expect("benches are built into target/release/deps");
    let path = folder.join("nephoscope");
    assert!(path.exists(), "{} is missing: `just bench-cloud` builds it", path.display());
    path
}
