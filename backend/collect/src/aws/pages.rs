//! Reads a listing to its end: page after page, with a stop where a provider goes round in circles.

use nephoscope_model::Uid;
use serde_json::Value;

use super::api::List;
use super::client::Reader;
use super::failure::Failure;
use super::request::Request;
pub(super) use crate::pages::Listing;
use crate::pages::{Tokens, keep_first};

impl Reader {
    /// Lists everything that `request` asks for.
    pub(super) async fn list(&self, list: &'static List, about: Option<&Uid>, request: Request) -> Listing {
        let mut items = Vec::new();
        let failure = self.list_each(list, about, request, |item| items.push(item)).await;
        Listing { items, failure }
    }

    /// Lists what only some regions offer: where the operation is not known, there is nothing to list.
    pub(super) async fn list_where_offered(&self, list: &'static List, request: Request) -> Listing {
        let listing = self.list(list, None, request).await;
        match listing.failure {
            Some(failure) if failure.is_not_offered() => {
                self.log.forget(&failure);
                Listing { items: Vec::new(), failure: None }
            }
            failure => Listing { items: listing.items, failure },
        }
    }

    /// Lists everything into `keep`, which can drop what need not be held.
    pub(super) async fn list_each(
        &self,
        list: &'static List,
        about: Option<&Uid>,
        request: Request,
        mut keep: impl FnMut(Value),
    ) -> Option<Failure> {
        self.list_pages(list, about, request, |mut page| match page.pointer_mut(&pointer(list.items)) {
            Some(Value::Array(items)) => {
                std::mem::take(items).into_iter().for_each(&mut keep);
                Ok(())
            }
            None | Some(Value::Null) if list.may_lack_items => Ok(()),
            _ => Err(format!("the answer has no list `{}`", list.items)),
        })
        .await
    }

    /// Hands each page to `keep`, which says what is wrong with one that it cannot use.
    pub(super) async fn list_pages(
        &self,
        list: &'static List,
        about: Option<&Uid>,
        request: Request,
        mut keep: impl FnMut(Value) -> Result<(), String>,
    ) -> Option<Failure> {
        let action = &list.action;
        let mut tokens = Tokens::default();
        let mut asked = request.clone();
        loop {
            // What there is in a region is listed also where details are only counted.
            let answer = match about {
                None => self.ask(action, about, asked).await,
                Some(_) => self.call(action, about, asked).await,
            };
            let mut page = match answer {
                Ok(page) => page,
                Err(failure) => return Some(failure),
            };
            let wants_one = self.wants_one();
            if wants_one {
                keep_first(&mut page, &pointer(list.items));
            }
            let next = page.pointer(&pointer(list.pages.reply)).and_then(Value::as_str);
            let next = next.filter(|next| !next.is_empty()).map(str::to_owned);
            // `IsTruncated` of the XML APIs; without a token after it the rest cannot be asked for.
            let truncated = page.pointer("/IsTruncated").and_then(Value::as_bool);
            let next = if truncated == Some(false) { None } else { next };
            let lost = truncated == Some(true) && next.is_none();
            let next = next.filter(|_| !wants_one);
            let kept = keep(page).and_then(|()| match lost {
                true => Err("the answer is truncated and names no next page".to_owned()),
                false => Ok(()),
            });
            let turned = match kept {
                Ok(()) => tokens.follow(action, next),
                Err(wrong) => Err(Failure::malformed(action, &wrong)),
            };
            match turned {
                Ok(None) => return None,
                Ok(Some(token)) => asked = request.clone().page(list.pages.request, &token),
                Err(failure) => {
                    self.log.record(&failure, about);
                    return Some(failure);
                }
            }
        }
    }
}

/// `/Outer/Items` of `Outer/Items`.
fn pointer(field: &str) -> String {
    format!("/{field}")
}
