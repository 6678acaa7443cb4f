//! As much of Resource Graph's query language as a scanner writes: a table, conditions, columns, an order, a limit.
//!
//! Anything else is refused, so that a query is never answered as another one would be.

use serde_json::{Map, Value};

/// A query that was understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    /// In lower case.
    pub table: String,
    conditions: Vec<Condition>,
    /// Name of the column and the path that it holds; none where all columns are wanted.
    columns: Option<Vec<(String, String)>>,
    order: Option<(String, bool)>,
    limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    Compares { path: String, how: String, values: Vec<String> },
    IsEmpty(String),
}

/// What stands where something else was wanted.
type Refused = String;

impl Query {
    pub(super) fn of(text: &str) -> Result<Self, Refused> {
        let mut parts = pieces(text)?.into_iter();
        let table = match parts.next().as_deref() {
            Some([Token::Word(table)]) => table.to_ascii_lowercase(),
            _ => return Err("a table".to_owned()),
        };
        let mut query = Self { table, conditions: Vec::new(), columns: None, order: None, limit: None };
        for part in parts {
            query.add(part)?;
        }
        Ok(query)
    }

    fn add(&mut self, part: Vec<Token>) -> Result<(), Refused> {
        let words: Vec<&str> = part.iter().map(Token::text).collect();
        match words.as_slice() {
            ["where", ..] => {
                let mut tokens = Tokens { tokens: part[1..].to_vec(), next: 0 };
                self.conditions.push(tokens.any()?);
                tokens.end()
            }
            ["project", columns @ ..] => {
                let column = |text: &[&str]| match text {
                    [path] => Ok(((*path).to_owned(), (*path).to_owned())),
                    [name, "=", path] => Ok(((*name).to_owned(), (*path).to_owned())),
                    other => Err(other.join(" ")),
                };
                let columns: Result<Vec<_>, _> = columns.split(|word| *word == ",").map(column).collect();
                self.columns = Some(columns?);
                Ok(())
            }
            ["order" | "sort", "by", path] | ["order" | "sort", "by", path, "desc"] => {
                self.order = Some(((*path).to_owned(), true));
                Ok(())
            }
            ["order" | "sort", "by", path, "asc"] => {
                self.order = Some(((*path).to_owned(), false));
                Ok(())
            }
            ["limit" | "take", count] => {
                self.limit = Some(count.parse().map_err(|_| (*count).to_owned())?);
                Ok(())
            }
            other => Err(other.join(" ")),
        }
    }

    /// True where the rows can be told apart, which pages need.
    pub(super) fn names_ids(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(|(name, _)| name == "id"))
    }

    /// The rows that are asked for, in their order and with their columns.
    pub(super) fn answer(&self, rows: Vec<Value>) -> Vec<Value> {
        let mut rows: Vec<Value> = rows
            .into_iter()
            .filter(|row| self.conditions.iter().all(|condition| condition.holds(row)))
            .collect();
        if let Some((path, falling)) = &self.order {
            rows.sort_by_key(|row| text(row, path).to_ascii_lowercase());
            if *falling {
                rows.reverse();
            }
        }
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        let Some(columns) = &self.columns else { return rows };
        let narrow = |row: Value| {
            let column =
                |(name, path): &(String, String)| (name.clone(), at(&row, path).cloned().unwrap_or_default());
            Value::Object(columns.iter().map(column).collect::<Map<String, Value>>())
        };
        rows.into_iter().map(narrow).collect()
    }
}

impl Condition {
    fn holds(&self, row: &Value) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Self::All(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Not(part) => !part.holds(row),
            Self::IsEmpty(path) => text(row, path).is_empty(),
            Self::Compares { path, how, values } => {
                let found = text(row, path);
                let (plain, negated) = match how.strip_prefix('!') {
                    Some("=") => ("==", true),
                    Some("~") => ("=~", true),
                    Some(rest) => (rest, true),
                    None => (how.as_str(), false),
                };
                let lower = found.to_ascii_lowercase();
                let one = |value: &String| {
                    let folded = value.to_ascii_lowercase();
                    match plain {
                        "==" | "in" => found == *value,
                        "=~" | "in~" => lower == folded,
                        "contains" => lower.contains(&folded),
                        "startswith" => lower.starts_with(&folded),
                        "endswith" => lower.ends_with(&folded),
                        // `has` looks for whole words.
                        _ => lower.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == folded),
                    }
                };
                values.iter().any(one) != negated
            }
        }
    }
}

fn at<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(row, |value, name| value.get(name))
}

fn text(row: &Value, path: &str) -> String {
    match at(row, path) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(String),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Quoted(text) | Self::Sign(text) => text,
        }
    }
}

/// The parts between the bars, in tokens.
fn pieces(text: &str) -> Result<Vec<Vec<Token>>, Refused> {
    let mut parts = vec![Vec::new()];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '|' => {
                parts.push(Vec::new());
                rest = rest[1..].trim_start();
                continue;
            }
            '\'' | '"' => {
                let end = rest[1..].find(first).ok_or_else(|| rest.to_owned())?;
                (Token::Quoted(rest[1..=end].to_owned()), end + 2)
            }
            '(' | ')' | ',' => (Token::Sign(first.to_string()), 1),
            '=' | '!' | '<' | '>' if !rest[1..].starts_with(char::is_alphabetic) => {
                let length = 1 + rest[1..].chars().take_while(|sign| "=~".contains(*sign)).count();
                (Token::Sign(rest[..length].to_owned()), length)
            }
            _ => {
                let length =
                    rest.chars().position(|letter| " |'\"(),=".contains(letter) || letter.is_whitespace());
                let length = length.unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length.max(1))
            }
        };
        parts.last_mut().expect("there is always one part").push(token);
        rest = rest[length..].trim_start();
    }
    Ok(parts)
}

struct Tokens {
    tokens: Vec<Token>,
    next: usize,
}

impl Tokens {
    fn take(&mut self) -> Option<Token> {
        self.next += 1;
        self.tokens.get(self.next - 1).cloned()
    }

    fn takes(&mut self, text: &str) -> bool {
        let fits = self.tokens.get(self.next).is_some_and(|token| token.text() == text);
        self.next += usize::from(fits);
        fits
    }

    fn wants(&mut self, text: &str) -> Result<(), Refused> {
        if self.takes(text) {
            Ok(())
        } else {
            Err(format!("`{text}` is wanted at {:?}", self.tokens.get(self.next)))
        }
    }

    fn end(&self) -> Result<(), Refused> {
        self.tokens.get(self.next).map_or(Ok(()), |token| Err(token.text().to_owned()))
    }

    fn any(&mut self) -> Result<Condition, Refused> {
        let mut parts = vec![self.all()?];
        while self.takes("or") {
            parts.push(self.all()?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self) -> Result<Condition, Refused> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(Condition::All(parts))
    }

    fn one(&mut self) -> Result<Condition, Refused> {
        if self.takes("(") {
            let inner = self.any()?;
            return self.wants(")").map(|()| inner);
        }
        let Some(Token::Word(word)) = self.take() else { return Err("a column is wanted".to_owned()) };
        match word.as_str() {
            "not" => {
                self.wants("(")?;
                let inner = self.any()?;
                self.wants(")").map(|()| Condition::Not(Box::new(inner)))
            }
            "isempty" | "isnotempty" => {
                let empty = Condition::IsEmpty(self.argument()?);
                Ok(if word == "isempty" { empty } else { Condition::Not(Box::new(empty)) })
            }
            "tolower" | "tostring" => {
                let path = self.argument()?;
                self.comparison(path)
            }
            _ => self.comparison(word),
        }
    }

    fn argument(&mut self) -> Result<String, Refused> {
        self.wants("(")?;
        let Some(Token::Word(path)) = self.take() else { return Err("a column is wanted".to_owned()) };
        self.wants(")").map(|()| path)
    }

    fn comparison(&mut self, path: String) -> Result<Condition, Refused> {
        let how = self.take().ok_or_else(|| format!("nothing is said of {path}"))?.text().to_owned();
        let mut values = Vec::new();
        match how.as_str() {
            "==" | "=~" | "!=" | "!~" | "contains" | "!contains" | "has" | "!has" | "startswith"
            | "!startswith" | "endswith" | "!endswith" => values.push(self.value()?),
            "in" | "in~" | "!in" | "!in~" => {
                self.wants("(")?;
                values.push(self.value()?);
                while self.takes(",") {
                    values.push(self.value()?);
                }
                self.wants(")")?;
            }
            other => return Err(other.to_owned()),
        }
        Ok(Condition::Compares { path, how, values })
    }

    fn value(&mut self) -> Result<String, Refused> {
        match self.take() {
            Some(Token::Quoted(text)) => Ok(text),
            Some(Token::Word(word)) if word == "true" || word == "false" || word.parse::<f64>().is_ok() => {
                Ok(word)
            }
            other => Err(format!("a value is wanted, and not {other:?}")),
        }
    }
}
