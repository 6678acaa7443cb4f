//! Reads conditions, as CEL parsed them, into plain ones.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};
use regex::Regex;
use serde_json::Value;

use super::super::paths::{is_type, json};
use super::{Order, Place, Plain, Quantifier, Start, Term, Words};

/// Reads conditions; gives nothing where one is not plain.
#[derive(Default)]
pub(super) struct Reader<'e> {
    /// Variables of the quantifiers round the expression, the innermost last.
    bound: Vec<&'e str>,
}

impl<'e> Reader<'e> {
    /// `expression` as a condition.
    pub fn test(&mut self, expression: &'e IdedExpr) -> Option<Plain> {
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(flag)) => Some(Plain::Always(*flag.inner())),
            Expr::Select(select) if select.test => {
                Some(Plain::Has(self.place(&select.operand)?, select.field.clone()))
            }
            Expr::Ident(_) | Expr::Select(_) => self.place(expression).map(Plain::Flag),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.quantifier(comprehension),
            _ => None,
        }
    }

    fn call(&mut self, call: &'e CallExpr) -> Option<Plain> {
        if let Some(target) = &call.target {
            return Some(Plain::Text(self.place(target)?, words(call)?));
        }
        match (call.func_name.as_str(), &call.args[..]) {
            (operators::LOGICAL_NOT, [test]) => Some(Plain::Not(Box::new(self.test(test)?))),
            (operators::LOGICAL_AND, [one, other]) => {
                Some(Plain::And(Box::new([self.test(one)?, self.test(other)?])))
            }
            (operators::LOGICAL_OR, [one, other]) => {
                Some(Plain::Or(Box::new([self.test(one)?, self.test(other)?])))
            }
            (operators::CONDITIONAL, [which, one, other]) => {
                Some(Plain::Choice(Box::new([self.test(which)?, self.test(one)?, self.test(other)?])))
            }
            (operators::EQUALS, [one, other]) => Some(Plain::Equal(self.term(one)?, self.term(other)?)),
            (operators::NOT_EQUALS, [one, other]) => {
                Some(Plain::Not(Box::new(Plain::Equal(self.term(one)?, self.term(other)?))))
            }
            (operators::LESS, [one, other]) => self.order(one, Order::Less, other),
            (operators::LESS_EQUALS, [one, other]) => self.order(one, Order::LessEqual, other),
            (operators::GREATER, [one, other]) => self.order(one, Order::Greater, other),
            (operators::GREATER_EQUALS, [one, other]) => self.order(one, Order::GreaterEqual, other),
            (operators::IN, [term, container]) => Some(Plain::In(self.term(term)?, self.term(container)?)),
            _ => None,
        }
    }

    fn order(&self, one: &'e IdedExpr, order: Order, other: &'e IdedExpr) -> Option<Plain> {
        Some(Plain::Order(self.term(one)?, order, self.term(other)?))
    }

    /// `all` and `exists`, as CEL writes them out.
    fn quantifier(&mut self, comprehension: &'e ComprehensionExpr) -> Option<Plain> {
        let Expr::Literal(LiteralValue::Boolean(init)) = &comprehension.accu_init.expr else { return None };
        let quantifier = if *init.inner() { Quantifier::All } else { Quantifier::Exists };
        let connective = match quantifier {
            Quantifier::All => operators::LOGICAL_AND,
            Quantifier::Exists => operators::LOGICAL_OR,
        };
        let Expr::Call(step) = &comprehension.loop_step.expr else { return None };
        let [IdedExpr { expr: Expr::Ident(so_far), .. }, test] = &step.args[..] else { return None };
        let is_quantifier = step.func_name == connective
            && *so_far == comprehension.accu_var
            && comprehension.result.expr == Expr::Ident(comprehension.accu_var.clone())
            && comprehension.iter_var2.is_none();
        if !is_quantifier {
            return None;
        }
        let list = self.place(&comprehension.iter_range)?;
        self.bound.push(&comprehension.iter_var);
        let test = self.test(test);
        self.bound.pop();
        Some(Plain::Elements(list, quantifier, Box::new(test?)))
    }

    fn term(&self, expression: &'e IdedExpr) -> Option<Term> {
        match &expression.expr {
            Expr::Literal(literal) => json(literal).map(Term::Written),
            Expr::List(list) => {
                let elements = list.elements.iter().map(|element| match &element.expr {
                    Expr::Literal(literal) => json(literal),
                    _ => None,
                });
                Some(Term::Written(Value::Array(elements.collect::<Option<_>>()?)))
            }
            Expr::Call(call) if call.func_name == "size" => match (&call.target, &call.args[..]) {
                (None, [of]) => self.place(of).map(Term::Size),
                _ => None,
            },
            _ => self.place(expression).map(Term::Place),
        }
    }

    fn place(&self, expression: &'e IdedExpr) -> Option<Place> {
        match &expression.expr {
            Expr::Ident(name) => {
                let start = match self.bound.iter().rev().position(|bound| bound == name) {
                    Some(out) => Start::Element(out),
                    None if is_type(name) || name == "now" => return None,
                    None => Start::Root(name.clone()),
                };
                Some(Place { start, keys: Vec::new() })
            }
            Expr::Select(select) if !select.test => self.below(&select.operand, &select.field),
            Expr::Call(call) if call.func_name == operators::INDEX => match &call.args[..] {
                [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. }] => {
                    self.below(of, key.inner())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn below(&self, expression: &'e IdedExpr, key: &str) -> Option<Place> {
        let mut place = self.place(expression)?;
        place.keys.push(key.to_owned());
        Some(place)
    }
}

fn words(call: &CallExpr) -> Option<Words> {
    let [IdedExpr { expr: Expr::Literal(LiteralValue::String(words)), .. }] = &call.args[..] else {
        return None;
    };
    let words = words.inner();
    match call.func_name.as_str() {
        "contains" => Some(Words::Contains(words.to_owned())),
        "startsWith" => Some(Words::StartsWith(words.to_owned())),
        "endsWith" => Some(Words::EndsWith(words.to_owned())),
        "matches" => Regex::new(words).ok().map(Words::Matches),
        _ => None,
    }
}
