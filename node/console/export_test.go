package console

// Shapes are the types of what pages read and write, by name.
func Shapes() map[string]any {
	return map[string]any{
		"app": appInfo{}, "cluster": cluster{}, "known": known{}, "signIn": signIn{}, "signOut": signOut{}, "signedOut": signedOut{},
		"change": change{}, "changes": changes{},
	}
}
