package sqldb

import "slices"

// step is one migration: one DDL or seeding statement, so that every database
// can resume between two of them. A released step never changes.
type step struct {
	name string // told in errors and kept in the journal
	text string // for every dialect, see dialect.expand
}

// journalTable is made before all steps. Row 0 is the migrators' lock, every
// other row a step that was done.
const journalTable = `CREATE TABLE odb_schema (
	version {INT} NOT NULL PRIMARY KEY,
	name {TEXT 60} NOT NULL,
	at_us {INT} NOT NULL
){SUFFIX}`

// steps returns all migrations; the version of a step is its place, from 1.
// Types are portable: no empty text (Oracle holds it to be NULL), times in
// microseconds, flags 0 or 1, names of at most 30 bytes, no generated key.
func steps() []step {
	return slices.Concat(definitionSteps(), logSteps(), otherSteps(), auditSteps(), copySteps(), memberSteps())
}

func definitionSteps() []step {
	return []step{
		{"revision", `CREATE TABLE odb_revision (
			id {INT} NOT NULL PRIMARY KEY,
			rev {INT} NOT NULL
		){SUFFIX}`},
		{"first revision", `INSERT INTO odb_revision (id, rev) VALUES (1, 0)`},
		{"definition", `CREATE TABLE odb_definition (
			id {ID} NOT NULL PRIMARY KEY,
			kind {TEXT 40} NOT NULL,
			name {TEXT 150} NOT NULL,
			version {INT} NOT NULL,
			rev {INT} NOT NULL,
			spec {DOC} NOT NULL,
			at_us {INT} NOT NULL,
			CONSTRAINT odb_definition_name UNIQUE (kind, name)
		){SUFFIX}`},
		{"ref", `CREATE TABLE odb_ref (
			from_id {ID} NOT NULL,
			to_id {ID} NOT NULL,
			field {TEXT 200} NOT NULL,
			PRIMARY KEY (from_id, field),
			CONSTRAINT odb_ref_from FOREIGN KEY (from_id) REFERENCES odb_definition (id),
			CONSTRAINT odb_ref_to FOREIGN KEY (to_id) REFERENCES odb_definition (id)
		){SUFFIX}`},
		{"ref target", `CREATE INDEX odb_ref_target ON odb_ref (to_id)`},
		{"claim", `CREATE TABLE odb_claim (
			kind {TEXT 40} NOT NULL,
			claim {TEXT 400} NOT NULL,
			def_id {ID} NOT NULL,
			PRIMARY KEY (kind, claim),
			CONSTRAINT odb_claim_def FOREIGN KEY (def_id) REFERENCES odb_definition (id)
		){SUFFIX}`},
		{"claim owner", `CREATE INDEX odb_claim_owner ON odb_claim (def_id)`},
	}
}

func logSteps() []step {
	return []step{
		{"change set", `CREATE TABLE odb_change_set (
			rev {INT} NOT NULL PRIMARY KEY,
			actor {TEXT 200},
			source {TEXT 60},
			addr {TEXT 200},
			reason {TEXT 1000},
			at_us {INT} NOT NULL
		){SUFFIX}`},
		{"change", `CREATE TABLE odb_change (
			rev {INT} NOT NULL,
			seq {INT} NOT NULL,
			op {TEXT 10} NOT NULL,
			def_id {ID} NOT NULL,
			kind {TEXT 40} NOT NULL,
			name {TEXT 150} NOT NULL,
			old_name {TEXT 150},
			version {INT} NOT NULL,
			spec_before {DOC},
			spec_after {DOC},
			PRIMARY KEY (rev, seq),
			CONSTRAINT odb_change_once UNIQUE (def_id, rev),
			CONSTRAINT odb_change_rev FOREIGN KEY (rev) REFERENCES odb_change_set (rev)
		){SUFFIX}`},
		{"change name", `CREATE INDEX odb_change_name ON odb_change (kind, name)`},
	}
}

func otherSteps() []step {
	return []step{
		{"package", `CREATE TABLE odb_package (
			hash {TEXT 64} NOT NULL PRIMARY KEY,
			name {TEXT 150} NOT NULL,
			engine {TEXT 40} NOT NULL,
			bytes {INT} NOT NULL,
			services {DOC} NOT NULL,
			uploader {TEXT 200},
			at_us {INT} NOT NULL,
			archive {BLOB} NOT NULL
		){SUFFIX}`},
		{"package name", `CREATE INDEX odb_package_name ON odb_package (name, at_us)`},
		{"package age", `CREATE INDEX odb_package_age ON odb_package (at_us)`},
		{"account", `CREATE TABLE odb_account (
			name {TEXT 150} NOT NULL PRIMARY KEY,
			role {TEXT 20} NOT NULL,
			password {TEXT 400},
			disabled {FLAG} NOT NULL,
			at_us {INT} NOT NULL,
			CONSTRAINT odb_account_disabled CHECK (disabled IN (0, 1))
		){SUFFIX}`},
		{"token", `CREATE TABLE odb_token (
			id {ID} NOT NULL PRIMARY KEY,
			account {TEXT 150} NOT NULL,
			role {TEXT 20} NOT NULL,
			note {TEXT 1000},
			hash {TEXT 64} NOT NULL,
			at_us {INT} NOT NULL,
			expires_us {INT} NOT NULL,
			CONSTRAINT odb_token_hash UNIQUE (hash),
			CONSTRAINT odb_token_account FOREIGN KEY (account) REFERENCES odb_account (name)
		){SUFFIX}`},
		{"token account", `CREATE INDEX odb_token_owner ON odb_token (account)`},
		{"lease", `CREATE TABLE odb_lease (
			name {TEXT 100} NOT NULL PRIMARY KEY,
			holder {TEXT 200} NOT NULL,
			term {INT} NOT NULL,
			expires_us {INT} NOT NULL
		){SUFFIX}`},
	}
}

func auditSteps() []step {
	return []step{
		// Of this change set and the one before it; none of those made before this step.
		{"change set chain", `ALTER TABLE odb_change_set ADD hash {TEXT 64}`},
		{"audit", `CREATE TABLE odb_audit (
			seq {INT} NOT NULL PRIMARY KEY,
			at_us {INT} NOT NULL,
			node {TEXT 150},
			actor {TEXT 200},
			source {TEXT 60},
			addr {TEXT 200},
			action {TEXT 60} NOT NULL,
			subject {TEXT 400},
			outcome {TEXT 20} NOT NULL,
			detail {TEXT 1000},
			rev {INT},
			cid {TEXT 64},
			hash {TEXT 64} NOT NULL
		){SUFFIX}`},
		{"audit head", `CREATE TABLE odb_audit_head (
			id {INT} NOT NULL PRIMARY KEY,
			seq {INT} NOT NULL,
			hash {TEXT 64} NOT NULL
		){SUFFIX}`},
		{"first audit head", `INSERT INTO odb_audit_head (id, seq, hash) VALUES (1, 0, '-')`},
		{"lockout", `CREATE TABLE odb_lockout (
			name {TEXT 150} NOT NULL PRIMARY KEY,
			failures {INT} NOT NULL,
			last_us {INT} NOT NULL,
			until_us {INT} NOT NULL
		){SUFFIX}`},
		{"meta", `CREATE TABLE odb_meta (
			name {TEXT 60} NOT NULL PRIMARY KEY,
			value {DOC} NOT NULL,
			at_us {INT} NOT NULL
		){SUFFIX}`},
	}
}

func copySteps() []step {
	return []step{
		// Its id says, as the counter's does, whether the database takes changes.
		{"gate", `INSERT INTO odb_revision (id, rev) VALUES (2, 0)`},
	}
}

func memberSteps() []step {
	return []step{
		{"member", `CREATE TABLE odb_member (
			id {ID} NOT NULL PRIMARY KEY,
			name {TEXT 200} NOT NULL,
			was {TEXT 150} NOT NULL,
			rotation {TEXT 20} NOT NULL,
			maker {TEXT 200},
			report {DOC} NOT NULL,
			joined_us {INT} NOT NULL,
			seen_us {INT} NOT NULL,
			removed_us {INT} NOT NULL,
			CONSTRAINT odb_member_name UNIQUE (name)
		){SUFFIX}`},
		{"join pass", `CREATE TABLE odb_join_pass (
			id {TEXT 40} NOT NULL PRIMARY KEY,
			hash {TEXT 64} NOT NULL,
			uses {INT} NOT NULL,
			uses_left {INT} NOT NULL,
			approve {FLAG} NOT NULL,
			maker {TEXT 200},
			note {TEXT 1000},
			at_us {INT} NOT NULL,
			expires_us {INT} NOT NULL
		){SUFFIX}`},
		{"join request", `CREATE TABLE odb_join_request (
			id {ID} NOT NULL PRIMARY KEY,
			name {TEXT 150} NOT NULL,
			code {TEXT 40} NOT NULL,
			addr {TEXT 200},
			state {TEXT 20} NOT NULL,
			decider {TEXT 200},
			at_us {INT} NOT NULL,
			expires_us {INT} NOT NULL
		){SUFFIX}`},
	}
}
