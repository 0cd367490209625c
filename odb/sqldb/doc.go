// Package sqldb keeps the operational database in SQL: [DB] implements
// [odb.Store].
//
// It offers [Open], which opens a database by its DSN and brings its tables up
// to date. Every statement that it can run is a named constant of one closed
// catalogue; what differs between databases is in one dialect value each.
//
// [DB.Dump] writes the whole content of a database as one stream, [DB.Restore]
// reads it into an empty one of any kind, and [DB.Checksums] tells whether two
// databases hold the same:
//
//	func (db *DB) Dump(ctx context.Context, w io.Writer, progress func(Progress)) (DumpSummary, error)
//	func (db *DB) Restore(ctx context.Context, r io.Reader, progress func(Progress)) (DumpSummary, error)
//	func (db *DB) Checksums(ctx context.Context) ([]TableSum, error)
//
// [Copy] moves an ODB to another database while it is used, [Check] looks one over,
// [Plan] tells which migrations are open.
//
// It hands out no transaction, runs no statement of a caller, opens no secret
// and watches for no change (a node polls [DB.Revision]). It imports of this
// module only odb.
package sqldb
