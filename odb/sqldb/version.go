package sqldb

// SchemaVersion returns the number of the newest migration that this program
// knows: the schema that it makes of every database it opens.
func SchemaVersion() int { return len(steps()) }
