//! Serves an estate of every provider until it is ended, and prints a configuration that scans all of them:
//! `cargo run -p nephoscope-simulator --example serve -- 50 1000 > nephoscope.toml` (subscriptions or projects, functions).

use nephoscope_simulator::{
    AZURE_TENANT, AzureEstate, AzureServer, Cloud, Estate, FnEstate, FnServer, GoogleEstate, GoogleServer,
    Misbehaviour,
};

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [accounts, functions] = numbers.try_into().unwrap_or([2, 20]);
    let calm = Misbehaviour::default;
    let aws = Cloud::start(Estate::of_functions(functions), calm()).await;
    let azure = AzureServer::start(AzureEstate::seeded(7, accounts, functions), calm()).await;
    let google =
        GoogleServer::start(GoogleEstate::seeded(7, accounts, functions, functions * 10), calm()).await;
    let fnproject = FnServer::start(FnEstate::seeded(7, accounts, functions), calm()).await;
    let target = |provider: &str, key: &str, address: String| {
        println!("[[target]]\nname = \"{provider}\"\nprovider = \"{provider}\"\n{key} = \"{address}\"\n");
    };
    target("aws", "endpoint_url", aws.endpoint());
    target("azure", "endpoint_url", azure.endpoint());
    target("gcp", "endpoint_url", google.endpoint());
    target("fn", "api_url", fnproject.endpoint());
    let machine = google.endpoint();
    println!("# AZURE_TENANT_ID={AZURE_TENANT} AZURE_CLIENT_ID=a AZURE_CLIENT_SECRET=b");
    println!("# GCE_METADATA_HOST={}", machine.trim_start_matches("http://"));
    // What nothing here knows an answer for is worth a word: the provider may not have it either.
    let mut told = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let seen = [azure.seen(), google.seen(), fnproject.seen()];
        let unknown: Vec<String> = seen.into_iter().flat_map(|seen| seen.unknown.into_keys()).collect();
        if unknown.len() > told {
            told = unknown.len();
            eprintln!("asked, and not known here: {}", unknown.join(", "));
        }
    }
}
