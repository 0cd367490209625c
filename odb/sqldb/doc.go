// Package sqldb keeps the operational database in SQL: [DB] implements
// [odb.Store].
//
// It offers [Open], which opens a database by its DSN and brings its tables up
// to date. Every statement that it can run is a named constant of one closed
// catalogue; what differs between databases is in one dialect value each.
//
// It hands out no transaction, runs no statement of a caller, opens no secret
// and watches for no change (a node polls [DB.Revision]). It imports of this
// module only odb.
package sqldb
