package sqldb

// statement names one statement of the catalogue.
type statement int

// Every statement that this package runs besides migrations.
const (
	bumpRevision statement = iota
	lockRevision
	holdRevision
	newestRevision
	takeRevision // of one name, 4 and 64: see sized
	takeRevision4
	takeRevision64

	allDefinitions
	definitionsAt
	findDefinitions
	findDefinitions4
	findDefinitions64
	findTargets
	findTargets4
	findTargets64
	readDefinition
	lastVersion
	insertDefinition
	updateDefinition
	parkDefinition
	deleteDefinition

	referrersOf
	referrersOf4
	referrersOf64
	insertRef
	deleteRef
	deleteRefs
	deleteRefs4
	deleteRefs64
	moveRefs

	claimOwner
	allRefs
	allClaims
	insertClaim
	deleteClaim
	deleteClaims
	deleteClaims4
	deleteClaims64

	insertChangeSet
	insertChange
	readChangeSet
	historyAll
	historyOfKind
	historyOfName
	historyOfDefinition
	oldestAll // the same four, oldest first
	oldestOfKind
	oldestOfName
	oldestOfDefinition
	changesOf
	changesBetween

	packageExists
	newestPackage
	insertPackage
	readPackage
	allPackages
	packagesNamed

	insertAccount
	readAccount
	allAccounts
	updateAccount
	deleteAccount
	insertToken
	readToken
	allTokens
	deleteToken
	deleteTokensOf

	countPasswords
	claimAccount
	lockLockout
	insertLockout
	updateLockout
	readLockout
	allLockouts
	deleteLockout

	seedLease
	holdLease
	takeLease
	renewLease
	releaseLease
	readLease

	lockAuditHead
	readAuditHead
	moveAuditHead
	insertAudit
	listAudit
	readAudit

	insertMark
	updateMark
	readMark
	insertMember
	readMember
	allMembers
	reportMember
	rotateMember
	removeMember
	insertJoinToken
	useJoinToken
	readJoinToken
	allJoinTokens
	deleteJoinToken
	clearJoinTokens
	insertJoin
	deleteJoin
	clearJoins
	countJoins
	countJoinsFrom
	readJoin
	allJoins
	decideJoin

	schemaVersion
	dumpMoment
	pollRevision
	shareGate
	closeGate
	readGate
	moveRevision
	readMeta
	insertMeta
	deleteMeta
	statements // their number
)

// sqlText is a statement's text: one for all databases, and the few that differ.
// A database for which there is none does not need the statement.
type sqlText struct {
	all string
	by  map[string]string // by the dialect's name, instead of all
}

const packageColumns = `hash, name, engine, bytes, services, uploader, at_us`

const (
	historyColumns = `SELECT s.rev, s.actor, s.source, s.addr, s.reason, s.at_us, s.hash FROM odb_change_set s WHERE s.rev < ? AND s.rev > ?`
	ofKind         = ` AND s.rev IN (SELECT c.rev FROM odb_change c WHERE c.kind = ?)`
	ofName         = ` AND s.rev IN (SELECT c.rev FROM odb_change c WHERE c.def_id IN
		(SELECT n.def_id FROM odb_change n WHERE n.name = ?))`
	ofDefinition = ` AND s.rev IN (SELECT c.rev FROM odb_change c WHERE c.def_id IN
		(SELECT n.def_id FROM odb_change n WHERE n.kind = ? AND n.name = ?))`
	newestFirst = ` ORDER BY s.rev DESC {LIMIT}`
	oldestFirst = ` ORDER BY s.rev {LIMIT}`

	changeColumns = `SELECT rev, seq, op, def_id, kind, name, old_name, version, spec_before, spec_after FROM odb_change`
)

const auditColumns = `SELECT seq, at_us, node, actor, source, addr, action, subject, outcome, detail, rev, cid, hash FROM odb_audit`

const memberColumns = `SELECT id, was, rotation, maker, report, joined_us, seen_us, removed_us FROM odb_member`

const joinTokenColumns = `SELECT id, hash, uses, uses_left, approve, maker, note, at_us, expires_us FROM odb_join_pass`

const joinColumns = `SELECT id, name, code, addr, state, decider, at_us, expires_us FROM odb_join_request`

// catalogue holds the text of every statement. A placeholder is written "?".
var catalogue = [statements]sqlText{
	bumpRevision:   {all: `UPDATE odb_revision SET rev = rev + 1 WHERE id = 1`},
	lockRevision:   {all: `UPDATE odb_revision SET rev = rev WHERE id = 1`},
	holdRevision:   {by: map[string]string{"oracle": `SELECT id FROM odb_revision WHERE id = 1 {HOLD}`}},
	newestRevision: {all: `SELECT MAX(rev) FROM odb_revision`},

	takeRevision:   {all: takeText(1)},
	takeRevision4:  {all: takeText(few)},
	takeRevision64: {all: takeText(many)},

	allDefinitions: {all: `SELECT id, kind, name, version, rev, at_us, spec FROM odb_definition`},
	definitionsAt: {all: `SELECT c.def_id, c.kind, c.name, c.version, c.rev, s.at_us, c.spec_after
		FROM (SELECT def_id, MAX(rev) AS rev FROM odb_change WHERE rev <= ? GROUP BY def_id) n
		JOIN odb_change c ON c.def_id = n.def_id AND c.rev = n.rev
		JOIN odb_change_set s ON s.rev = c.rev
		WHERE c.op <> 'delete'`},
	findDefinitions:   {all: findText(1)},
	findDefinitions4:  {all: findText(few)},
	findDefinitions64: {all: findText(many)},
	findTargets:       {all: targetText(1)},
	findTargets4:      {all: targetText(few)},
	findTargets64:     {all: targetText(many)},
	readDefinition:    {all: `SELECT kind, name, version, rev, spec FROM odb_definition WHERE id = ?`},
	lastVersion:       {all: `SELECT MAX(version) FROM odb_change WHERE def_id = ?`},
	insertDefinition:  {all: `INSERT INTO odb_definition (id, kind, name, version, rev, spec, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)`},
	updateDefinition:  {all: `UPDATE odb_definition SET name = ?, version = ?, rev = ?, spec = ?, at_us = ? WHERE id = ?`},
	parkDefinition:    {all: `UPDATE odb_definition SET name = ? WHERE id = ?`},
	deleteDefinition:  {all: `DELETE FROM odb_definition WHERE id = ?`},

	referrersOf:   {all: referrersText(1)},
	referrersOf4:  {all: referrersText(few)},
	referrersOf64: {all: referrersText(many)},
	insertRef:     {all: `INSERT INTO odb_ref (from_id, to_id, field) VALUES (?, ?, ?)`},
	deleteRef:     {all: `DELETE FROM odb_ref WHERE from_id = ? AND field = ?`},
	deleteRefs:    {all: `DELETE FROM odb_ref WHERE from_id IN ` + list(1)},
	deleteRefs4:   {all: `DELETE FROM odb_ref WHERE from_id IN ` + list(few)},
	deleteRefs64:  {all: `DELETE FROM odb_ref WHERE from_id IN ` + list(many)},
	moveRefs:      {all: `UPDATE odb_ref SET to_id = ? WHERE to_id = ? AND from_id = ?`},

	allRefs:   {all: `SELECT from_id, field, to_id FROM odb_ref`},
	allClaims: {all: `SELECT def_id, kind, claim FROM odb_claim`},
	claimOwner: {all: `SELECT d.id, d.name FROM odb_claim c JOIN odb_definition d ON d.id = c.def_id
		WHERE c.kind = ? AND c.claim = ?`},
	// Nothing, when the claim has an owner.
	insertClaim: {all: `INSERT INTO odb_claim (kind, claim, def_id) SELECT d.kind, ?, d.id FROM odb_definition d
		WHERE d.id = ? AND NOT EXISTS (SELECT c.def_id FROM odb_claim c WHERE c.kind = ? AND c.claim = ?)`},
	deleteClaim:    {all: `DELETE FROM odb_claim WHERE kind = ? AND claim = ? AND def_id = ?`},
	deleteClaims:   {all: `DELETE FROM odb_claim WHERE def_id IN ` + list(1)},
	deleteClaims4:  {all: `DELETE FROM odb_claim WHERE def_id IN ` + list(few)},
	deleteClaims64: {all: `DELETE FROM odb_claim WHERE def_id IN ` + list(many)},

	insertChangeSet: {all: `INSERT INTO odb_change_set (rev, actor, source, addr, reason, at_us, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`},
	insertChange: {all: `INSERT INTO odb_change (rev, seq, op, def_id, kind, name, old_name, version, spec_before, spec_after)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
	readChangeSet:       {all: `SELECT actor, source, at_us FROM odb_change_set WHERE rev = ?`},
	historyAll:          {all: historyColumns + newestFirst},
	historyOfKind:       {all: historyColumns + ofKind + newestFirst},
	historyOfName:       {all: historyColumns + ofName + newestFirst},
	historyOfDefinition: {all: historyColumns + ofDefinition + newestFirst},
	oldestAll:           {all: historyColumns + oldestFirst},
	oldestOfKind:        {all: historyColumns + ofKind + oldestFirst},
	oldestOfName:        {all: historyColumns + ofName + oldestFirst},
	oldestOfDefinition:  {all: historyColumns + ofDefinition + oldestFirst},
	changesOf:           {all: changeColumns + ` WHERE rev = ? ORDER BY seq`},
	changesBetween:      {all: changeColumns + ` WHERE rev >= ? AND rev <= ? ORDER BY rev, seq`},

	packageExists: {all: `SELECT COUNT(*) FROM odb_package WHERE hash = ?`},
	newestPackage: {all: `SELECT (SELECT MAX(at_us) FROM odb_package), {NOW} FROM odb_schema WHERE version = 0`},
	insertPackage: {all: `INSERT INTO odb_package (hash, name, engine, bytes, services, uploader, at_us, archive)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
	readPackage:   {all: `SELECT ` + packageColumns + `, archive FROM odb_package WHERE hash = ?`},
	allPackages:   {all: `SELECT ` + packageColumns + ` FROM odb_package ORDER BY at_us DESC, hash`},
	packagesNamed: {all: `SELECT ` + packageColumns + ` FROM odb_package WHERE name = ? ORDER BY at_us DESC, hash`},

	insertAccount:  {all: `INSERT INTO odb_account (name, role, password, disabled, at_us) VALUES (?, ?, ?, ?, {NOW})`},
	readAccount:    {all: `SELECT name, role, password, disabled, at_us FROM odb_account WHERE name = ?`},
	allAccounts:    {all: `SELECT name, role, password, disabled, at_us FROM odb_account ORDER BY name`},
	updateAccount:  {all: `UPDATE odb_account SET role = ?, password = ?, disabled = ? WHERE name = ?`},
	deleteAccount:  {all: `DELETE FROM odb_account WHERE name = ?`},
	insertToken:    {all: `INSERT INTO odb_token (id, account, role, note, hash, at_us, expires_us) VALUES (?, ?, ?, ?, ?, {NOW}, ?)`},
	readToken:      {all: `SELECT id, account, role, note, hash, at_us, expires_us FROM odb_token WHERE hash = ?`},
	allTokens:      {all: `SELECT id, account, role, note, hash, at_us, expires_us FROM odb_token ORDER BY at_us DESC, id DESC`},
	deleteToken:    {all: `DELETE FROM odb_token WHERE id = ?`},
	deleteTokensOf: {all: `DELETE FROM odb_token WHERE account = ?`},

	countPasswords: {all: `SELECT COUNT(*) FROM odb_account WHERE password IS NOT NULL`},
	claimAccount:   {all: `UPDATE odb_account SET role = ?, password = ?, disabled = 0 WHERE name = ?`},
	lockLockout:    {all: `UPDATE odb_lockout SET failures = failures WHERE name = ?`},
	insertLockout:  {all: `INSERT INTO odb_lockout (name, failures, last_us, until_us) VALUES (?, 0, 0, 0)`},
	updateLockout:  {all: `UPDATE odb_lockout SET failures = ?, last_us = ?, until_us = ? WHERE name = ?`},
	readLockout:    {all: `SELECT name, failures, last_us, until_us, {NOW} FROM odb_lockout WHERE name = ?`},
	allLockouts:    {all: `SELECT name, failures, last_us, until_us, {NOW} FROM odb_lockout ORDER BY name`},
	deleteLockout:  {all: `DELETE FROM odb_lockout WHERE name = ?`},

	seedLease: {all: `INSERT INTO odb_lease (name, holder, term, expires_us) VALUES (?, '-', 0, 0)`},
	holdLease: {by: map[string]string{"oracle": `SELECT term FROM odb_lease WHERE name = ? {HOLD}`}},
	takeLease: {all: `UPDATE odb_lease SET holder = ?, term = term + 1, expires_us = {NOW} + ? WHERE name = ? AND expires_us <= {NOW}`},
	renewLease: {all: `UPDATE odb_lease SET expires_us = {NOW} + ?
		WHERE name = ? AND holder = ? AND term = ? AND expires_us > {NOW}`},
	releaseLease: {all: `UPDATE odb_lease SET expires_us = 0 WHERE name = ? AND holder = ? AND term = ?`},
	readLease:    {all: `SELECT holder, term, expires_us, {NOW} FROM odb_lease WHERE name = ?`},

	lockAuditHead: {all: `UPDATE odb_audit_head SET seq = seq WHERE id = 1`},
	readAuditHead: {all: `SELECT seq, hash, {NOW} FROM odb_audit_head WHERE id = 1`},
	moveAuditHead: {all: `UPDATE odb_audit_head SET seq = ?, hash = ? WHERE id = 1`},
	insertAudit: {all: `INSERT INTO odb_audit (seq, at_us, node, actor, source, addr, action, subject, outcome, detail, rev, cid, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
	// A filter that is off is bound to 1 and a text that does not count.
	listAudit: {all: auditColumns + ` WHERE seq > 0 AND seq < ? AND at_us >= ? AND at_us < ?
		AND (1 = ? OR actor = ?) AND (1 = ? OR action = ?) AND (1 = ? OR subject = ?) AND (1 = ? OR outcome = ?)
		ORDER BY seq DESC {LIMIT}`},
	readAudit: {all: auditColumns + ` WHERE seq > ? ORDER BY seq {LIMIT}`},

	insertMark: {all: `INSERT INTO odb_meta (name, value, at_us) VALUES (?, ?, {NOW})`},
	updateMark: {all: `UPDATE odb_meta SET value = ?, at_us = {NOW} WHERE name = ?`},
	readMark:   {all: `SELECT value, at_us FROM odb_meta WHERE name = ?`},
	insertMember: {all: `INSERT INTO odb_member (id, name, was, rotation, maker, report, joined_us, seen_us, removed_us)
		VALUES (?, ?, ?, ?, ?, ?, {NOW}, {NOW}, 0)`},
	readMember:   {all: memberColumns + ` WHERE id = ?`},
	allMembers:   {all: memberColumns},
	reportMember: {all: `UPDATE odb_member SET report = ?, seen_us = {NOW} WHERE id = ? AND removed_us = 0`},
	rotateMember: {all: `UPDATE odb_member SET rotation = ? WHERE id = ? AND removed_us = 0`},
	removeMember: {all: `UPDATE odb_member SET name = ?, removed_us = {NOW} WHERE id = ? AND removed_us = 0`},
	insertJoinToken: {all: `INSERT INTO odb_join_pass (id, hash, uses, uses_left, approve, maker, note, at_us, expires_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, {NOW}, ?)`},
	useJoinToken: {all: `UPDATE odb_join_pass SET uses_left = uses_left - 1
		WHERE id = ? AND hash = ? AND uses_left > 0 AND expires_us > {NOW}`},
	readJoinToken:   {all: joinTokenColumns + ` WHERE id = ?`},
	allJoinTokens:   {all: joinTokenColumns + ` ORDER BY at_us DESC, id`},
	deleteJoinToken: {all: `DELETE FROM odb_join_pass WHERE id = ?`},
	clearJoinTokens: {all: `DELETE FROM odb_join_pass WHERE expires_us < {NOW} - ?`},
	insertJoin: {all: `INSERT INTO odb_join_request (id, name, code, addr, state, at_us, expires_us)
		VALUES (?, ?, ?, ?, 'waiting', {NOW}, {NOW} + ?)`},
	deleteJoin:     {all: `DELETE FROM odb_join_request WHERE id = ?`},
	clearJoins:     {all: `DELETE FROM odb_join_request WHERE expires_us <= {NOW}`},
	countJoins:     {all: `SELECT COUNT(*) FROM odb_join_request`},
	countJoinsFrom: {all: `SELECT COUNT(*) FROM odb_join_request WHERE addr = ?`},
	readJoin:       {all: joinColumns + ` WHERE id = ? AND expires_us > {NOW}`},
	allJoins:       {all: joinColumns + ` WHERE expires_us > {NOW} ORDER BY at_us DESC, id`},
	decideJoin:     {all: `UPDATE odb_join_request SET state = ?, decider = ? WHERE id = ? AND state = 'waiting' AND expires_us > {NOW}`},

	schemaVersion: {all: `SELECT MAX(version) FROM odb_schema`},
	dumpMoment:    {all: `SELECT (SELECT MAX(rev) FROM odb_revision), {NOW} FROM odb_schema WHERE version = 0`},
	pollRevision:  {all: `SELECT MAX(rev), MIN(id) FROM odb_revision`},
	// Oracle has no shared lock of a row. Nobody writes to this table but migrators.
	shareGate: {by: map[string]string{"oracle": `LOCK TABLE odb_schema IN ROW SHARE MODE WAIT 20`}},
	closeGate: {by: map[string]string{"oracle": `LOCK TABLE odb_schema IN EXCLUSIVE MODE WAIT 20`}},
	// Shared where there is such a lock; SQLite has one writer anyway.
	readGate: {all: `SELECT id FROM odb_revision WHERE id = 2 {HOLD}`, by: map[string]string{
		"sqlite":   `SELECT id FROM odb_revision WHERE id = 2`,
		"postgres": `SELECT id FROM odb_revision WHERE id = 2 FOR KEY SHARE`,
		"mysql":    `SELECT id FROM odb_revision WHERE id = 2 LOCK IN SHARE MODE`,
		"oracle":   `SELECT id FROM odb_revision WHERE id = 2`,
	}},
	moveRevision: {all: `UPDATE odb_revision SET id = ? WHERE id = ?`},
	readMeta:     {all: `SELECT value, at_us, {NOW} FROM odb_meta WHERE name = ?`},
	insertMeta:   {all: `INSERT INTO odb_meta (name, value, at_us) VALUES (?, ?, {NOW} + ?)`},
	deleteMeta:   {all: `DELETE FROM odb_meta WHERE name = ?`},
}

// text returns the dialect's SQL of a statement.
func (d *dialect) statement(s statement) string {
	text, ok := catalogue[s].by[d.name]
	if !ok {
		text = catalogue[s].all
	}
	return d.expand(text)
}
