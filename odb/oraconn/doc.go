// Package oraconn connects to Oracle Database through go-ora, and is all of the
// module that knows that driver.
//
// It offers [Config.Connect], [Guard], [Clob], [Blob] and [Code]. What the driver does
// wrong is put right here: its panics on broken packets become errors
// ([ErrPanic]), sockets that it leaves open are closed, a context that ends
// closes the connection instead of interrupting the driver's protocol from another
// goroutine, and no prepared statement is used twice.
//
// It knows nothing of what is asked of the database, and imports no other package
// of this module.
package oraconn
