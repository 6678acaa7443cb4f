//! Paths into a resource: those that evidence declares, and those that conditions read.

use std::collections::BTreeSet;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The value at a key.
    Key(String),
    /// The element at a position, from 0.
    Index(usize),
    /// Every element of a list, or every key of an object.
    Each,
}

impl Step {
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) | Self::Each => None,
        }
    }

    /// The one value that the step leads to from `value`.
    pub fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Key(key) => value.as_object()?.get(key),
            Self::Index(index) => value.as_array()?.get(*index),
            Self::Each => None,
        }
    }
}

/// A path that evidence declares, such as `config.Layers[0].Arn` or `stage.variables["a-b"]`.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub text: String,
    pub root: String,
    pub steps: Vec<Step>,
}

impl Lookup {
    pub fn parse(text: &str) -> Self {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (root, mut rest) = text.split_at(end);
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(bracketed) = rest.strip_prefix('[') {
                let (inside, after) = bracketed.split_once(']').unwrap_or((bracketed, ""));
                let step = match inside.parse() {
                    Ok(index) => Step::Index(index),
                    Err(_) => Step::Key(inside.trim_matches(['"', '\'']).to_owned()),
                };
                (step, after)
            } else {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let end = key.find(['.', '[']).unwrap_or(key.len());
                (Step::Key(key[..end].to_owned()), &key[end..])
            };
            steps.push(step);
            rest = after;
        }
        Self { text: text.to_owned(), root: root.to_owned(), steps }
    }
}

/// A path that a condition reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    pub root: String,
    pub steps: Vec<Step>,
}

impl Path {
    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The facet or fact that the path is about: its root, or the name after `facts`.
    pub fn subject(&self) -> &str {
        match self.steps.first().and_then(Step::key) {
            Some(fact) if self.root == "facts" => fact,
            _ => &self.root,
        }
    }
}

/// As in a condition, with `[*]` for every element.
impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.root)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Each => f.write_str("[*]"),
        })
    }
}

/// Everything that a condition reads: the longest paths, and the literals that it compares with.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub paths: BTreeSet<Path>,
    pub literals: Vec<Value>,
    /// Variables of the quantifiers round the expression, and what each stands for where that is a path.
    bound: Vec<(String, Option<Path>)>,
}

impl Reads {
    pub fn of<'e>(expressions: impl IntoIterator<Item = &'e IdedExpr>) -> Self {
        let mut reads = Self::default();
        for expression in expressions {
            reads.read(expression);
        }
        reads
    }

    /// Notes what `expression` reads, itself included.
    fn read(&mut self, expression: &IdedExpr) {
        if let Some(path) = self.path(expression) {
            self.paths.insert(path);
        }
    }

    /// The path that `expression` is, if it is one; whatever else it reads is noted.
    fn path(&mut self, expression: &IdedExpr) -> Option<Path> {
        match &expression.expr {
            Expr::Ident(name) => match self.bound.iter().rev().find(|(bound, _)| bound == name) {
                Some((_, path)) => path.clone(),
                None if is_type(name) || name == "now" => None,
                None => Some(Path { root: name.clone(), steps: Vec::new() }),
            },
            Expr::Select(select) => {
                self.path(&select.operand).map(|path| path.then(Step::Key(select.field.clone())))
            }
            Expr::Literal(literal) => {
                self.literals.extend(json(literal));
                None
            }
            Expr::Call(call) if call.func_name == operators::INDEX && call.args.len() == 2 => {
                let path = self.path(&call.args[0])?;
                Some(match &call.args[1].expr {
                    Expr::Literal(LiteralValue::String(key)) => path.then(Step::Key(key.inner().to_owned())),
                    _ => {
                        self.read(&call.args[1]);
                        path.then(Step::Each)
                    }
                })
            }
            Expr::Call(call) => {
                for operand in call.target.as_deref().into_iter().chain(&call.args) {
                    self.read(operand);
                }
                None
            }
            Expr::List(list) => {
                let before = self.literals.len();
                list.elements.iter().for_each(|element| self.read(element));
                let elements = self.literals[before..].to_vec();
                self.literals.push(Value::Array(elements));
                None
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.read(&entry.key);
                            self.read(&entry.value);
                        }
                        EntryExpr::StructField(field) => self.read(&field.value),
                    }
                }
                None
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(_) | Expr::Unspecified => None,
        }
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Option<Path> {
        let range = self.path(&comprehension.iter_range);
        self.paths.extend(range.clone());
        self.read(&comprehension.accu_init);
        let outside = self.bound.len();
        self.bound.push((comprehension.iter_var.clone(), range.clone().map(|path| path.then(Step::Each))));
        self.bound.push((comprehension.accu_var.clone(), None));
        for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
            self.read(part);
        }
        self.bound.truncate(outside);
        // What `filter` keeps are elements of the same list.
        if keeps_elements(comprehension) { range } else { None }
    }
}

/// True where the step is `CONDITION ? @result + [VARIABLE] : @result`.
fn keeps_elements(comprehension: &ComprehensionExpr) -> bool {
    let Expr::Call(choice) = &comprehension.loop_step.expr else { return false };
    let Some(Expr::Call(append)) = choice.args.get(1).map(|step| &step.expr) else { return false };
    let Some(Expr::List(kept)) = append.args.get(1).map(|list| &list.expr) else { return false };
    choice.func_name == operators::CONDITIONAL
        && append.func_name == operators::ADD
        && matches!(&kept.elements[..], [IdedExpr { expr: Expr::Ident(name), .. }] if *name == comprehension.iter_var)
}

/// Names that CEL itself gives a value.
pub(super) fn is_type(name: &str) -> bool {
    let types = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
    types.contains(&name)
}

/// A literal as a facet would hold it.
pub(super) fn json(literal: &LiteralValue) -> Option<Value> {
    match literal {
        LiteralValue::Boolean(flag) => Some(Value::from(*flag.inner())),
        LiteralValue::Int(number) => Some(Value::from(*number.inner())),
        LiteralValue::UInt(number) => Some(Value::from(*number.inner())),
        LiteralValue::Double(number) => Some(Value::from(*number.inner())),
        LiteralValue::String(text) => Some(Value::from(text.inner())),
        LiteralValue::Null => Some(Value::Null),
        LiteralValue::Bytes(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use cel::Program;
    use serde_json::json;

    use super::*;

    fn reads(condition: &str) -> Vec<String> {
        let program = Program::compile(condition).unwrap();
        Reads::of([program.expression()]).paths.iter().map(Path::to_string).collect()
    }

    #[test]
    fn conditions_read_their_longest_paths() {
        assert_eq!(reads("url != null && url.AuthType != 'NONE'"), ["url", "url.AuthType"]);
        assert_eq!(reads("has(config.Environment.Variables)"), ["config.Environment.Variables"]);
        assert_eq!(
            reads("config['Timeout'] < 3 && now > timestamp('2026-01-01T00:00:00Z')"),
            ["config.Timeout"]
        );
        assert_eq!(reads("type(config.Layers) == list"), ["config.Layers"]);
    }

    #[test]
    fn quantifiers_read_elements() {
        assert_eq!(
            reads("facts.grants.all(g, g.effect != 'Allow' || g.services.exists(s, s.startsWith('b')))"),
            [
                "facts.grants",
                "facts.grants[*].effect",
                "facts.grants[*].services",
                "facts.grants[*].services[*]"
            ]
        );
        assert_eq!(
            reads("size(facts.grants.filter(g, g.public).filter(g, g.admin)) == 0"),
            ["facts.grants", "facts.grants[*]", "facts.grants[*].admin", "facts.grants[*].public"]
        );
    }

    #[test]
    fn literals_are_noted_with_their_lists() {
        let program = Program::compile("config.A in ['x', 'y'] || config.B > 3").unwrap();
        let reads = Reads::of([program.expression()]);
        assert_eq!(reads.literals, [json!("x"), json!("y"), json!(["x", "y"]), json!(3)]);
    }

    #[test]
    fn evidence_paths_are_parsed() {
        let steps = |text| Lookup::parse(text).steps;
        let key = |text: &str| Step::Key(text.to_owned());
        assert_eq!(steps("url"), []);
        assert_eq!(steps("config.Layers[0].Arn"), [key("Layers"), Step::Index(0), key("Arn")]);
        assert_eq!(steps("stage.variables[\"a-b\"].c"), [key("variables"), key("a-b"), key("c")]);
        assert_eq!(Lookup::parse("facts.grants").root, "facts");
    }
}
