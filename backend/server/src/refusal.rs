//! Answers that are not what was asked for: one error body for programs, one page for people.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use nephoscope_answer::AnswerError;
use nephoscope_frontend::Page;
use nephoscope_model::api::{ErrorBody, Frame};
use nephoscope_model::query::QueryError;
use nephoscope_scan::ScanError;
use nephoscope_store::StoreError;

use crate::assets;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub struct Refusal {
    /// What HTTP says.
    pub status: StatusCode,
    /// What a person or a program reads.
    pub body: ErrorBody,
}

/// A refusal as a page.
#[derive(Debug)]
pub struct PageRefusal(pub Refusal);

impl Refusal {
    /// There is no such thing.
    pub fn not_found(what: &str, given: &str) -> Self {
        let message = format!("there is no {what} `{given}` in this view");
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            message,
            "check the address, or look for it in its list",
        )
    }

    /// The request cannot be understood or is not allowed.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let body = ErrorBody { code: code.to_owned(), message: message.into(), help: help.into() };
        Self { status, body }
    }
}

impl PageRefusal {
    /// There is no such thing.
    pub fn not_found(what: &str, given: &str) -> Self {
        Self(Refusal::not_found(what, given))
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        let help = "change the address, or begin again without a filter";
        Self::new(StatusCode::BAD_REQUEST, "bad_query", error.to_string(), help)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Cursor { .. }) {
            let help = "begin again at the first page: the list has changed";
            return Self::new(StatusCode::BAD_REQUEST, "bad_cursor", format!("failed to {error}"), help);
        }
        tracing::error!("the store failed: {error}: {:?}", std::error::Error::source(&error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", format!("failed to {error}"), error.help())
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Store(error) => error.into(),
            AnswerError::NoSuch { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "bad_query", error.to_string(), error.help())
            }
            AnswerError::NothingScanned => {
                Self::new(StatusCode::NOT_FOUND, "not_found", error.to_string(), error.help())
            }
        }
    }
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Self {
        let (status, code) = match &error {
            ScanError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "store"),
            ScanError::UnknownTarget { .. } => (StatusCode::NOT_FOUND, "not_found"),
            ScanError::AlreadyRunning { .. } => (StatusCode::CONFLICT, "already_running"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "scan"),
        };
        Self::new(status, code, format!("failed to {error}"), error.help())
    }
}

impl<E: Into<Refusal>> From<E> for PageRefusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl IntoResponse for PageRefusal {
    fn into_response(self) -> Response {
        let Refusal { status, body } = self.0;
        let frame = Frame {
            path: String::new(),
            query: String::new(),
            as_of: None,
            from: None,
            viewed_at: None,
            targets: Vec::new(),
            target: None,
            startable: Vec::new(),
            running: None,
            counts: BTreeMap::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let assets = assets::addresses();
        let html =
            nephoscope_frontend::failure(&Page { frame: &frame, assets: &assets }, status.as_u16(), &body);
        (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
    }
}
