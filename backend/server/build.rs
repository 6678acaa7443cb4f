//! Puts the dashboard's files into the binary: style and loader from `frontend/assets`, the islands from `frontend/dist`
//! where they were built. Each gets an address that carries its hash, so that a browser may keep it for ever.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let frontend = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frontend");
    let mut table = String::from("&[\n");
    for folder in ["assets", "dist"] {
        let folder = frontend.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        for file in files(&folder) {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = fs::read(&file).unwrap_or_else(|error| panic!("read {}: {error}", file.display()));
            let hash = &blake3::hash(&bytes).to_hex()[..12];
            let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, "bin"));
            let place = file.canonicalize().unwrap_or(file);
            writeln!(
                table,
                "    Asset {{ name: {name:?}, address: \"/assets/{stem}.{hash}.{extension}\", bytes: include_bytes!({:?}) }},",
                place.display().to_string()
            )
            .expect("writing to a string does not fail");
        }
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("assets.rs");
    fs::write(&out, table).unwrap_or_else(|error| panic!("write {}: {error}", out.display()));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}
