//! Conditions made ready to run often: the same expression, with its costly spellings replaced.
//!
//! CEL looks a selection up name by name and compiles a regular expression anew for every text. Neither changes between
//! resources, so both are settled once per evaluation. What a condition says is untouched; the catalogue's examples and
//! `prove` run through here as well.

use std::sync::Arc;

use cel::Context;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::extractors::This;
use regex::Regex;

use super::paths::is_type;

/// Makes conditions ready, and keeps the functions that they then call.
pub(super) struct Workshop {
    patterns: Vec<Regex>,
}

impl Workshop {
    pub fn new() -> Self {
        Self { patterns: Vec::new() }
    }

    /// `expression`, made ready.
    pub fn ready(&mut self, expression: &IdedExpr) -> IdedExpr {
        let mut ready = expression.clone();
        self.expression(&mut ready, &mut Vec::new());
        ready
    }

    /// Makes the functions known that conditions made ready so far call.
    pub fn equip(self, context: &mut Context<'_, '_>) {
        for (position, pattern) in self.patterns.into_iter().enumerate() {
            let matches = move |This(text): This<Arc<String>>| pattern.is_match(&text);
            let added = context.add_function(&function_name(position), matches);
            debug_assert!(added.is_ok(), "no condition can spell the name, so nothing else has it");
        }
    }

    fn expression(&mut self, expression: &mut IdedExpr, bound: &mut Vec<String>) {
        if let Some(name) = free_selection(expression, bound) {
            expression.expr = Expr::Ident(name);
            return;
        }
        match &mut expression.expr {
            Expr::Select(select) => {
                self.expression(&mut select.operand, bound);
                if !select.test {
                    let key = Expr::Literal(LiteralValue::String(select.field.clone().into()));
                    let key = IdedExpr { id: expression.id, expr: key };
                    let args = vec![std::mem::take(&mut *select.operand), key];
                    expression.expr =
                        Expr::Call(CallExpr { func_name: operators::INDEX.to_owned(), target: None, args });
                }
            }
            Expr::Call(call) => {
                self.pattern(call);
                for operand in call.target.as_deref_mut().into_iter().chain(&mut call.args) {
                    self.expression(operand, bound);
                }
            }
            Expr::List(list) => list.elements.iter_mut().for_each(|element| self.expression(element, bound)),
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    match &mut entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.expression(&mut entry.key, bound);
                            self.expression(&mut entry.value, bound);
                        }
                        EntryExpr::StructField(field) => self.expression(&mut field.value, bound),
                    }
                }
            }
            Expr::Comprehension(comprehension) => {
                self.expression(&mut comprehension.iter_range, bound);
                self.expression(&mut comprehension.accu_init, bound);
                let outside = bound.len();
                bound.push(comprehension.iter_var.clone());
                bound.extend(comprehension.iter_var2.clone());
                bound.push(comprehension.accu_var.clone());
                self.expression(&mut comprehension.loop_cond, bound);
                self.expression(&mut comprehension.loop_step, bound);
                self.expression(&mut comprehension.result, bound);
                bound.truncate(outside);
            }
            Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
        }
    }

    /// `x.matches("…")` becomes a call of a function that has the pattern compiled.
    fn pattern(&mut self, call: &mut CallExpr) {
        if call.func_name != "matches" {
            return;
        }
        let Some(IdedExpr { expr: Expr::Literal(LiteralValue::String(pattern)), .. }) = call.args.last() else {
            return;
        };
        // What is not a regular expression stays as it is, and is an error when it runs.
        let Ok(pattern) = Regex::new(pattern.inner()) else { return };
        call.args.pop();
        if call.target.is_none() {
            call.target = call.args.pop().map(Box::new);
        }
        call.func_name = function_name(self.patterns.len());
        self.patterns.push(pattern);
    }
}

fn function_name(position: usize) -> String {
    format!("@matches{position}")
}

/// The whole name of a selection from something that is not a variable of a quantifier: `config.VpcConfig.VpcId`.
fn free_selection(expression: &IdedExpr, bound: &[String]) -> Option<String> {
    let mut keys = Vec::new();
    let mut expression = &expression.expr;
    loop {
        match expression {
            Expr::Select(select) if !select.test => {
                keys.push(select.field.as_str());
                expression = &select.operand.expr;
            }
            Expr::Ident(root) if !keys.is_empty() && !bound.contains(root) && !is_type(root) => {
                keys.push(root);
                keys.reverse();
                return Some(keys.join("."));
            }
            _ => return None,
        }
    }
}
