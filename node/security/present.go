package security

import (
	"fmt"
	"net/http"
)

// Present returns a function that adds the credential of the named definition to a
// request to another system. The function looks the definition up each time, so
// that a change of the password reaches pools that live on; its errors name the
// definition and nothing secret. Only Basic and API keys can be presented: for a
// token there is only what checks it.
func (m *Manager) Present(name string) (func(*http.Request) error, error) {
	if _, err := m.presentable(name); err != nil {
		return nil, err
	}
	return func(r *http.Request) error {
		c, err := m.presentable(name)
		if err != nil {
			return err
		}
		header := "Authorization"
		if c.kind == "apikey" {
			header = c.key.name
		}
		r.Header[header] = []string{c.present}
		return nil
	}, nil
}

func (m *Manager) presentable(name string) (*credential, error) {
	c := m.table.Load().byName[name]
	switch {
	case c == nil:
		return nil, fmt.Errorf("present credentials: there is no security definition %q", name)
	case c.kind == "jwt":
		return nil, fmt.Errorf("present credentials: security/%s is of type jwt, which can be checked but not presented; use basic or apikey", name)
	case !c.enabled:
		return nil, fmt.Errorf("present credentials: security/%s is disabled", name)
	case c.fault != "":
		return nil, fmt.Errorf("present credentials: security/%s cannot be used: %s", name, c.fault)
	}
	return c, nil
}
