//! What was measured, beside what is aimed at: one table, as Markdown and aligned.

/// Rows in the order in which they were measured.
#[derive(Default)]
pub struct Table(Vec<[String; 3]>);

impl Table {
    pub fn add(&mut self, figure: impl Into<String>, measured: impl Into<String>, aim: impl Into<String>) {
        self.0.push([figure.into(), measured.into(), aim.into()]);
    }

    /// A row that says what those below it share.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.add(text, "", "");
    }

    pub fn print(mut self) {
        let names = ["figure", "measured", "aim"].map(str::to_owned);
        self.0.insert(0, names);
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        for (number, [figure, measured, aim]) in self.0.iter().enumerate() {
            println!("| {figure:0$} | {measured:1$} | {aim:2$} |", widths[0], widths[1], widths[2]);
            if number == 0 {
                println!(
                    "|-{}-|-{}-|-{}-|",
                    "-".repeat(widths[0]),
                    "-".repeat(widths[1]),
                    "-".repeat(widths[2])
                );
            }
        }
    }
}
