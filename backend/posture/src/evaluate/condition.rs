//! Conditions made ready to run often: the same expression, with its costly spellings replaced.
//!
//! CEL looks a selection up name by name, compiles a regular expression anew for every text, and builds the error of a
//! negation before it knows of any. None of that changes between resources, so all of it is settled once per evaluation:
//! selections become numbered slots that a subject fills once for all its checks. What a condition says is untouched;
//! the catalogue's examples and `prove` run through here as well.

use std::sync::Arc;

use cel::Context;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::types::CelBool;
use cel::extractors::This;
use regex::Regex;

use super::paths::is_type;

/// What conditions read of a facet or a fact: a root, and the keys below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// A facet's name, or `facts` with the fact's name as the first key.
    pub root: String,
    pub keys: Vec<String>,
}

/// Makes conditions ready, and keeps what they need when they run.
#[derive(Default)]
pub(super) struct Workshop {
    selections: Vec<Selection>,
    patterns: Vec<Regex>,
}

impl Workshop {
    /// `expression`, made ready.
    pub fn ready(&mut self, expression: &IdedExpr) -> IdedExpr {
        let mut ready = expression.clone();
        self.expression(&mut ready, &mut Vec::new());
        ready
    }

    /// The selections, by slot, of the conditions made ready since the last call.
    pub fn selections(&mut self) -> Vec<Selection> {
        std::mem::take(&mut self.selections)
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
        if let Some(selection) = selection(expression, bound) {
            expression.expr = Expr::Ident(self.name(selection));
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
                negation(call);
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

    /// The variable that stands for the selection.
    fn name(&mut self, selection: Selection) -> String {
        let known = self.selections.iter().position(|known| *known == selection);
        let position = known.unwrap_or_else(|| {
            self.selections.push(selection);
            self.selections.len() - 1
        });
        format!("@{position}")
    }

    /// `x.matches("…")` becomes a call of a function that has the pattern compiled.
    fn pattern(&mut self, call: &mut CallExpr) {
        if call.func_name != "matches" {
            return;
        }
        let Some(IdedExpr { expr: Expr::Literal(LiteralValue::String(pattern)), .. }) = call.args.last()
        else {
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

/// `!x` becomes `x ? false : true`, which says the same, errors included.
fn negation(call: &mut CallExpr) {
    if call.func_name == operators::LOGICAL_NOT && call.args.len() == 1 {
        call.func_name = operators::CONDITIONAL.to_owned();
        for flag in [CelBool::FALSE, CelBool::TRUE] {
            call.args.push(IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Boolean(flag)) });
        }
    }
}

/// The number of a slot in the name of a variable; none for any other variable.
pub(super) fn slot(variable: &str) -> Option<usize> {
    variable.strip_prefix('@')?.parse().ok()
}

/// What `expression` selects, where it starts neither at a variable of a quantifier nor at a name without facets:
/// `config.VpcConfig.VpcId`, or a name alone.
fn selection(expression: &IdedExpr, bound: &[String]) -> Option<Selection> {
    let mut keys = Vec::new();
    let mut expression = &expression.expr;
    loop {
        match expression {
            Expr::Select(select) if !select.test => {
                keys.push(select.field.clone());
                expression = &select.operand.expr;
            }
            Expr::Ident(root) if !bound.contains(root) && !is_type(root) => {
                keys.reverse();
                let is_slot = match root.as_str() {
                    "now" => false,
                    "facts" | "resource" => !keys.is_empty(),
                    _ => true,
                };
                return is_slot.then(|| Selection { root: root.clone(), keys });
            }
            _ => return None,
        }
    }
}
