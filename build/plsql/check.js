// Parses SQL texts by the grammar of Oracle's PL/SQL: a JSON list of texts comes on
// standard input, and a list with what is wrong with each (empty: nothing) goes out.
// The grammar is found by NODE_PATH, see build/plsql.sh.
"use strict";

const { CharStreams, CommonTokenStream, Token } = require("antlr4ts");
const { PlSqlLexer } = require("antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlLexer");
const { PlSqlParser } = require("antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlParser");

function fault(text) {
  let first = "";
  const listener = {
    syntaxError(_recognizer, _symbol, line, column, message) {
      first ||= `${line}:${column}: ${message.replace(/ expecting .*/s, "").slice(0, 200)}`;
    },
  };
  // The grammar knows words in capitals only; nothing in a literal matters to it.
  const lexer = new PlSqlLexer(CharStreams.fromString(text.toUpperCase() + "\n;"));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const tokens = new CommonTokenStream(lexer);
  const parser = new PlSqlParser(tokens);
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.sql_script();
  if (first === "" && tokens.LA(1) !== Token.EOF) {
    first = "something follows the statement";
  }
  return first;
}

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => { input += part; });
process.stdin.on("end", () => {
  process.stdout.write(JSON.stringify(JSON.parse(input).map(fault)));
});
