//! Turns the frontend's compiled wasm into what a browser loads: `bindgen INPUT.wasm OUTPUT_FOLDER`.
//!
//! Does what `wasm-bindgen --target web --no-typescript` does, with nothing in the result that names the
//! machine it was built on.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        eprintln!("usage: bindgen INPUT.wasm OUTPUT_FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("nephoscope").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    match bindgen.web(true).and_then(|bindgen| bindgen.generate(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to turn {input} into JavaScript and wasm: {error:#}");
            ExitCode::FAILURE
        }
    }
}
