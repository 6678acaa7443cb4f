//! Tells cargo that the binary holds the files of `checks/`: the macro that embeds them does not.

fn main() {
    println!("cargo::rerun-if-changed=../../checks");
}
