//! A run that is killed leaves nothing half-written, and the next one gives the same bits.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn plim(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plim"));
    command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn names(folder: &Path) -> BTreeSet<String> {
    folder.read_dir().unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn fifty_kills_at_random_moments() {
    let dir = tempfile::tempdir().unwrap();
    assert!(plim(dir.path()).args(["new", "s"]).status().unwrap().success());
    let s = dir.path().join("s");
    let study = std::fs::read_to_string(s.join("study.toml")).unwrap();
    // Long enough to be killed within its replications, too.
    let study = study.replacen("[[step]]", "[resample]\nreplications = 60\ninfluence = false\n\n[[step]]", 1);
    std::fs::write(s.join("study.toml"), study).unwrap();
    let run = || plim(&s).args(["run", "study.toml"]).spawn().unwrap();
    let started = Instant::now();
    assert!(run().wait().unwrap().success());
    let whole = started.elapsed();
    let results = || std::fs::read(s.join("out/results.json")).unwrap();
    let (wanted, files) = (results(), names(&s));
    let mut state = 50u64;
    let mut killed = 0;
    for _ in 0..50 {
        let mut process = run();
        // Knuth's linear congruential generator: moments spread over a little more than a whole run.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 11) as f64 / (1u64 << 53) as f64;
        std::thread::sleep(whole.mul_f64(1.1 * share).max(Duration::from_millis(1)));
        process.kill().unwrap();
        killed += usize::from(!process.wait().unwrap().success());
        // What is there is whole: the results of this run or of one before.
        if s.join("out/results.json").exists() {
            assert_eq!(results(), wanted);
        }
    }
    assert!(killed > 10, "{killed} of 50 were killed in time");
    assert!(run().wait().unwrap().success());
    assert_eq!(results(), wanted);
    assert_eq!(names(&s), files, "nothing is left beside the output");
}

#[test]
fn only_what_changed_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    assert!(plim(dir.path()).args(["new", "s"]).status().unwrap().success());
    let s = dir.path().join("s");
    let watch = || {
        let out = plim(&s).args(["watch", "study.toml", "--once"]).stdout(Stdio::piped()).output().unwrap();
        assert!(out.status.success());
        let said = String::from_utf8(out.stdout).unwrap();
        let unchanged = said.lines().last().unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
        (unchanged, std::fs::read(s.join("out/results.json")).unwrap())
    };
    let (first, whole) = watch();
    assert_eq!(first, 0);
    let (all, again) = watch();
    assert!(all > 3 && again == whole, "{all} unchanged, the same bits");
    // As without a cache.
    assert!(plim(&s).args(["run", "study.toml", "--out", "plain"]).status().unwrap().success());
    assert!(std::fs::read(s.join("plain/results.json")).unwrap() == whole);
    // Another option of the index: the index and what rests on it, not the rest.
    let study = std::fs::read_to_string(s.join("study.toml")).unwrap();
    let changed = study.replacen("method = \"entropy\"", "method = \"entropy\"\nzeros = \"shift:0.01\"", 1);
    assert!(changed != study);
    std::fs::write(s.join("study.toml"), &changed).unwrap();
    let (some, other) = watch();
    assert!((1..all).contains(&some) && other != whole, "{some} of {all} unchanged");
    // Back again: everything is still there. A damaged entry is made again.
    std::fs::write(s.join("study.toml"), &study).unwrap();
    assert_eq!(watch(), (all, whole.clone()));
    for entry in s.join(".out.cache").read_dir().unwrap().flatten().step_by(2) {
        std::fs::write(entry.path().join("made.json"), "[{").unwrap();
    }
    let (fewer, mended) = watch();
    assert!(fewer < all && mended == whole);
    // Two at once.
    let mut both = [0, 1].map(|_| plim(&s).args(["watch", "study.toml", "--once"]).spawn().unwrap());
    both.iter_mut().for_each(|process| assert!(process.wait().unwrap().success()));
    assert_eq!(watch(), (all, whole));
}
