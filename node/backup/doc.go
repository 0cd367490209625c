// Package backup reads and writes the file that holds a whole cluster, encrypted
// to a passphrase.
//
// It offers [Writer], which streams named parts into a file, [Reader], which
// streams them out again, and [Verify], which reads a file to its end; none of them
// holds more than a few blocks in memory. [Save] puts a file in place whole or not
// at all. A file that is cut, damaged, of something else or of another passphrase
// is an error of its own kind.
//
// What the parts are and what is done with them is not known here: node decides
// that. The package imports of ours only odb, for its errors.
package backup
