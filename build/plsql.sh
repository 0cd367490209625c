#!/bin/sh
# Puts the grammar of Oracle's SQL, by which go test ./odb/sqldb checks every
# statement, from npm into .tools on first use.
set -eu
cd "$(dirname "$0")/.."

tools=.tools/plsql-1.1.0 # the grammar's version; odb/sqldb/oraclegrammar_test.go has it too
[ ! -d "$tools/node_modules/antlr4ts-sql" ] || exit 0

build/setup.sh nodejs npm
echo "==> npm ci antlr4ts-sql into .tools (once)"
mkdir -p "$tools"
cp build/plsql/package.json build/plsql/package-lock.json "$tools/"
npm ci --prefix "$tools" --no-audit --no-fund --loglevel=error
