package quickjs

// UsesOf reads the uses in a script.
func UsesOf(code string) int { return len(usesOf(code, nil)) }
