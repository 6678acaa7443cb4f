//! CEL conditions: compiled, and read for what they touch.
//!
//! A name that means nothing would make every verdict UNKNOWN, so it is refused when the catalogue is loaded.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use cel::{Context, Program};
use regex::Regex;

use crate::kind::{RESOURCE_FIELDS, Readable, names};

/// What conditions can call besides operators and the macros `has`, `all`, `exists`, `exists_one`, `map` and `filter`.
const FUNCTIONS: [&str; 25] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// Names that CEL itself gives a value: what `type()` answers.
const TYPES: [&str; 10] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];

/// One compiled condition and what it reads.
#[derive(Debug)]
pub(crate) struct Condition {
    pub program: Program,
    pub facets: BTreeSet<String>,
    pub facts: BTreeSet<String>,
    pub resource: bool,
}

/// What is wrong with a condition, at a character (from 0) of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub offset: usize,
    pub cause: String,
}

/// The context in which every condition runs: the functions of CEL's standard library, and no variables.
///
/// It is costly to make and cheap to share: make one, and an inner scope of it for each resource.
pub fn root_context<'v>() -> Context<'static, 'v> {
    Context::default()
}

/// Compiles `text`, a condition on resources of `kind`.
pub(crate) fn compile(text: &str, kind: &str, readable: &Readable) -> Result<Condition, Vec<Fault>> {
    let program = Program::compile(text).map_err(|errors| vec![syntax(text, &errors.errors)])?;
    let mut reader = Reader {
        program: &program,
        kind,
        readable,
        bound: Vec::new(),
        facets: BTreeSet::new(),
        facts: BTreeSet::new(),
        resource: false,
        faults: Vec::new(),
    };
    reader.expression(program.expression());
    let Reader { facets, facts, resource, faults, .. } = reader;
    if faults.is_empty() { Ok(Condition { program, facets, facts, resource }) } else { Err(faults) }
}

/// The first thing that the parser stumbled over, in our words; what it says after that is mostly noise.
fn syntax(text: &str, errors: &[cel::ParseError]) -> Fault {
    let Some(error) = errors.iter().min_by_key(|error| error.pos) else {
        return Fault { offset: 0, cause: "this is not CEL".to_owned() };
    };
    let number = |n: isize| usize::try_from(n).unwrap_or(1).max(1) - 1;
    let (line, column) = (number(error.pos.0), number(error.pos.1));
    let before: usize = text.split_inclusive('\n').take(line).map(|line| line.chars().count()).sum();
    Fault { offset: before + column, cause: plain(&error.msg) }
}

/// The parser lists every token that it would have taken; a person needs to know which one it did not take.
fn plain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    if let Some(rest) = message.strip_prefix("token recognition error at: ") {
        let token = rest.trim_matches('\'').trim();
        return match token {
            "=" => "`=` is not CEL; write `==` to compare".to_owned(),
            "&" | "|" => format!("`{token}` is not CEL; write `{token}{token}`"),
            text if text.starts_with(['"', '\'']) => "this text is never closed".to_owned(),
            other => format!("`{other}` is not CEL"),
        };
    }
    let found = |rest: &str| rest.split_once('\'').map_or(rest, |(token, _)| token).to_owned();
    if let Some(rest) = message.strip_prefix("mismatched input '") {
        let value_wanted = rest.contains("expecting {'[', '{'");
        return match (found(rest).as_str(), value_wanted) {
            ("<EOF>", true) => "the condition ends where a value should stand".to_owned(),
            ("<EOF>", false) => "the condition ends too early".to_owned(),
            (token, true) => format!("`{token}` stands where a value should stand"),
            (token, false) => format!("`{token}` stands where an operator or the end should stand"),
        };
    }
    if let Some(rest) = message.strip_prefix("extraneous input '") {
        return format!("`{}` is one too many", found(rest));
    }
    if let Some(rest) = message.strip_prefix("missing '") {
        return format!("`{}` is missing", found(rest));
    }
    message.to_owned()
}

/// Walks a condition and notes what it reads.
struct Reader<'a> {
    program: &'a Program,
    kind: &'a str,
    readable: &'a Readable,
    /// Variables of the quantifiers round the expression.
    bound: Vec<&'a str>,
    facets: BTreeSet<String>,
    facts: BTreeSet<String>,
    resource: bool,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn expression(&mut self, expression: &'a IdedExpr) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.name(expression.id, name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => {
                if !is_known(&call.func_name) {
                    let cause = format!("`{}` is not a function of conditions", call.func_name);
                    self.fault(expression.id, cause);
                    // Its arguments may be written for the quantifier that it was meant to be.
                    return;
                }
                if call.func_name == "matches" {
                    self.pattern(call.args.last());
                }
                self.expressions(call.target.as_deref());
                self.expressions(&call.args);
            }
            Expr::List(list) => self.expressions(&list.elements),
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => self.expressions([&entry.key, &entry.value]),
                        EntryExpr::StructField(field) => self.expression(&field.value),
                    }
                }
            }
            Expr::Struct(message) => {
                self.fault(expression.id, format!("`{}` is not a type of conditions", message.type_name));
            }
            Expr::Comprehension(comprehension) => {
                self.expression(&comprehension.iter_range);
                self.expression(&comprehension.accu_init);
                let outside = self.bound.len();
                for name in
                    [Some(&comprehension.iter_var), comprehension.iter_var2.as_ref()].into_iter().flatten()
                {
                    if self.is_free(name) && (self.readable.facets.contains_key(name) || is_reserved(name)) {
                        let cause =
                            format!("the variable `{name}` hides what conditions read under that name");
                        self.fault(expression.id, cause);
                    }
                    self.bound.push(name);
                }
                self.bound.push(&comprehension.accu_var);
                self.expressions([&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result]);
                self.bound.truncate(outside);
            }
        }
    }

    fn expressions(&mut self, expressions: impl IntoIterator<Item = &'a IdedExpr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn select(&mut self, select: &'a SelectExpr) {
        match &select.operand.expr {
            Expr::Ident(root) if root == "facts" && self.is_free(root) => self.fact(select),
            Expr::Ident(root) if root == "resource" && self.is_free(root) => {
                self.resource = true;
                if !RESOURCE_FIELDS.contains(&select.field.as_str()) {
                    let known = RESOURCE_FIELDS.join(", ");
                    let cause = format!("`{}` is not a field of `resource`; known are {known}", select.field);
                    self.fault(select.operand.id, cause);
                }
            }
            _ => self.expression(&select.operand),
        }
    }

    fn fact(&mut self, select: &'a SelectExpr) {
        let name = &select.field;
        if select.test {
            let cause = format!(
                "`has(facts.{name})` would take an unknown fact for a missing one; every fact of the kind exists, so read it"
            );
            self.fault(select.operand.id, cause);
        } else if self.readable.facts.contains_key(name) {
            self.facts.insert(name.clone());
        } else {
            let known = names(&self.readable.facts);
            let cause = format!("`{name}` is not a fact of {}; known are {known}", self.kind);
            self.fault(select.operand.id, cause);
        }
    }

    fn name(&mut self, id: u64, name: &'a str) {
        if !self.is_free(name) {
            return;
        }
        match name {
            "now" => {}
            "facts" => self.fault(id, "facts are read one by one, as `facts.NAME`"),
            "resource" => self.fault(id, "the resource is read field by field, as `resource.NAME`"),
            name if self.readable.facets.contains_key(name) => {
                self.facets.insert(name.to_owned());
            }
            name if TYPES.contains(&name) => {}
            name => {
                let known = names(&self.readable.facets);
                let cause = format!(
                    "`{name}` is not a facet of {}; known are {known}, besides `facts`, `resource` and `now`",
                    self.kind
                );
                self.fault(id, cause);
            }
        }
    }

    /// A regular expression that is written out can be tried right away.
    fn pattern(&mut self, pattern: Option<&'a IdedExpr>) {
        let Some(IdedExpr { id, expr: Expr::Literal(LiteralValue::String(pattern)) }) = pattern else {
            return;
        };
        if let Err(error) = Regex::new(pattern.inner()) {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            self.fault(
                *id,
                format!("this is not a regular expression: {}", reason.trim_start_matches("error: ")),
            );
        }
    }

    fn is_free(&self, name: &str) -> bool {
        !self.bound.contains(&name)
    }

    fn fault(&mut self, id: u64, cause: impl Into<String>) {
        let offset = self.program.source_info().offset_for(id).map_or(0, |(start, _)| start);
        self.faults.push(Fault { offset: usize::try_from(offset).unwrap_or_default(), cause: cause.into() });
    }
}

fn is_reserved(name: &str) -> bool {
    matches!(name, "facts" | "resource" | "now")
}

/// Operators have names that nobody can write, such as `_==_`, `!_` and `@in`.
fn is_known(function: &str) -> bool {
    let operator = function.starts_with('@')
        || function.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
    operator || FUNCTIONS.contains(&function)
}
