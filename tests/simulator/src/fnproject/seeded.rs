//! An estate of any size, made from a seed: most functions are sound, and at fixed shares some are not.

use serde_json::{Value, json};

use crate::fnproject::FnEstate;

impl FnEstate {
    /// So many apps, and so many functions over all of them; every other function has a trigger.
    pub fn seeded(seed: u64, apps: usize, functions: usize) -> Self {
        let app = |number: usize| {
            json!({
                "id": app_id(seed, number), "name": format!("app-{number:05}"),
                "config": config(seed, number, number % 10 == 3),
                "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-06-01T10:00:00.000Z",
            })
        };
        let of = |number: usize| app_id(seed, number % apps.max(1));
        let function = |number: usize| {
            json!({
                "id": fn_id(seed, number), "name": format!("function-{number:05}"), "app_id": of(number),
                "image": image(number), "memory": 128 << (number % 3), "timeout": 30, "idle_timeout": 30,
                "config": config(seed, number, number % 25 == 7),
                "annotations": {"fnproject.io/fn/invokeEndpoint":
                    format!("http://fn.example.test/invoke/{}", fn_id(seed, number))},
                "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-06-01T10:00:00.000Z",
            })
        };
        let trigger = |number: usize| {
            json!({
                "id": format!("01SEED{seed:04}T{number:015}"), "name": format!("trigger-{number:05}"),
                "app_id": of(number), "fn_id": fn_id(seed, number), "type": "http", "source": format!("/f{number}"),
                "annotations": {"fnproject.io/trigger/httpEndpoint": format!("http://fn.example.test/t/f{number}")},
                "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-06-01T10:00:00.000Z",
            })
        };
        Self::planted(&json!({
            "apps": (0..apps).map(app).collect::<Vec<Value>>(),
            "fns": (0..functions).map(function).collect::<Vec<Value>>(),
            "triggers": (0..functions).step_by(2).map(trigger).collect::<Vec<Value>>(),
        }))
        .expect("what is made here is made after the published description")
    }
}

fn app_id(seed: u64, number: usize) -> String {
    format!("01SEED{seed:04}A{number:015}")
}

fn fn_id(seed: u64, number: usize) -> String {
    format!("01SEED{seed:04}F{number:015}")
}

fn config(seed: u64, number: usize, careless: bool) -> Value {
    if careless {
        json!({"LOG_LEVEL": "info", "DB_PASSWORD": format!("CANARY-{seed}-{number}")})
    } else {
        json!({"LOG_LEVEL": "info"})
    }
}

fn image(number: usize) -> String {
    match number % 5 {
        0 => format!("registry.example.test/team/function-{number}:latest"),
        1 => format!("registry.example.test/team/function-{number}@sha256:{number:064x}"),
        _ => format!("registry.example.test/team/function-{number}:1.{}.0", number % 7),
    }
}
