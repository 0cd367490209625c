package odbtest

import (
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

const phc = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b27dUdskVqNVp"

func accountLife(_ *testing.T, w *world) {
	w.account(odb.Account{Name: "bob", Role: odb.Admin, Password: phc})
	w.account(odb.Account{Name: " alice@example.com ", Role: odb.Viewer, Disabled: true})
	bob, err := w.Account(w.ctx(), "bob")
	if err != nil || bob.Role != odb.Admin || bob.Password != phc || bob.Disabled || bob.Created.IsZero() {
		w.Errorf("Account() = %+v, %v", bob, err)
	}
	all, err := w.ListAccounts(w.ctx())
	if err != nil || len(all) != 2 || all[0].Name != "alice@example.com" || !all[0].Disabled || all[1] != bob {
		w.Errorf("ListAccounts() = %+v, %v", all, err)
	}
	if err := w.UpdateAccount(w.ctx(), odb.Account{Name: "bob", Role: odb.Operator, Disabled: true}); err != nil {
		w.Fatal(err)
	}
	now, err := w.Account(w.ctx(), "bob")
	if err != nil || now.Role != odb.Operator || now.Password != "" || !now.Disabled || now.Created != bob.Created {
		w.Errorf("after the update: %+v, %v", now, err)
	}
	if err := w.DeleteAccount(w.ctx(), "bob"); err != nil {
		w.Fatal(err)
	}
	_, err = w.Account(w.ctx(), "bob")
	w.refused(err, odb.NotFound, "no such account")
}

func (w *world) account(a odb.Account) {
	w.Helper()
	if err := w.CreateAccount(w.ctx(), a); err != nil {
		w.Fatal(err)
	}
}

func accountsRefused(_ *testing.T, w *world) {
	w.account(odb.Account{Name: "bob", Role: odb.Admin})
	w.refused(w.CreateAccount(w.ctx(), odb.Account{Name: "bob", Role: odb.Viewer}), odb.Conflict, "create account bob", "taken")
	w.refused(w.CreateAccount(w.ctx(), odb.Account{Name: "x", Role: "root"}), odb.Invalid, "/role", "viewer, operator, developer, admin")
	w.refused(w.CreateAccount(w.ctx(), odb.Account{Name: "x/y"}), odb.Invalid, "/name", "/role")
	w.refused(w.CreateAccount(w.ctx(), odb.Account{Name: "x", Role: odb.Admin, Password: strings.Repeat("x", 401)}), odb.Invalid, "/password")
	w.refused(w.UpdateAccount(w.ctx(), odb.Account{Name: "bob"}), odb.Invalid, "/role")
	w.refused(w.UpdateAccount(w.ctx(), odb.Account{Name: "x", Role: odb.Admin}), odb.NotFound, "update account x")
	w.refused(w.DeleteAccount(w.ctx(), "x"), odb.NotFound, "delete account x")
	if bob, err := w.Account(w.ctx(), "bob"); err != nil || bob.Role != odb.Admin {
		w.Errorf("Account() = %+v, %v", bob, err)
	}
}

func tokenLife(_ *testing.T, w *world) {
	w.account(odb.Account{Name: "bob", Role: odb.Developer})
	expires := time.Date(2031, 2, 3, 4, 5, 6, 789_000, time.UTC)
	first := odb.Token{ID: odb.NewID(), Account: "bob", Role: odb.Viewer, Note: "for the CI", Hash: hashOf("1"), Expires: expires}
	second := odb.Token{ID: odb.NewID(), Account: "bob", Role: odb.Developer, Hash: hashOf("2")}
	for _, k := range []odb.Token{first, second} {
		if err := w.CreateToken(w.ctx(), k); err != nil {
			w.Fatal(err)
		}
	}
	got, err := w.TokenByHash(w.ctx(), first.Hash)
	first.Created = got.Created
	if err != nil || got != first || got.Created.IsZero() {
		w.Errorf("TokenByHash() = %+v, %v; want %+v", got, err, first)
	}
	if got, err := w.TokenByHash(w.ctx(), second.Hash); err != nil || !got.Expires.IsZero() || got.Note != "" {
		w.Errorf("TokenByHash() = %+v, %v", got, err)
	}
	if all, err := w.ListTokens(w.ctx()); err != nil || len(all) != 2 {
		w.Errorf("ListTokens() = %+v, %v", all, err)
	}
	w.tokensRefused(second)
	if err := w.DeleteToken(w.ctx(), first.ID); err != nil {
		w.Fatal(err)
	}
	w.refused(w.DeleteToken(w.ctx(), first.ID), odb.NotFound, "no such token")
	_, err = w.TokenByHash(w.ctx(), first.Hash)
	w.refused(err, odb.NotFound, "no such token")
	if err := w.DeleteAccount(w.ctx(), "bob"); err != nil {
		w.Fatal(err)
	}
	if all, err := w.ListTokens(w.ctx()); err != nil || len(all) != 0 {
		w.Errorf("the account's tokens outlived it: %+v, %v", all, err)
	}
}

// tokensRefused spoils a good token in every way.
func (w *world) tokensRefused(good odb.Token) {
	w.Helper()
	good.ID, good.Hash = odb.NewID(), hashOf("3")
	for words, tc := range map[string]struct {
		kind  odb.ErrorKind
		spoil func(*odb.Token)
	}{
		"no such account":     {odb.NotFound, func(k *odb.Token) { k.Account = "nobody" }},
		"role admin is above": {odb.Invalid, func(k *odb.Token) { k.Role = odb.Admin }},
		"/role":               {odb.Invalid, func(k *odb.Token) { k.Role = "" }},
		"/hash":               {odb.Invalid, func(k *odb.Token) { k.Hash = "secret" }},
		"/id":                 {odb.Invalid, func(k *odb.Token) { k.ID = "1" }},
		"more than 1000":      {odb.Invalid, func(k *odb.Token) { k.Note = strings.Repeat("x", 1001) }},
		"create token":        {odb.Conflict, func(k *odb.Token) { k.Hash = hashOf("2") }},
	} {
		bad := good
		tc.spoil(&bad)
		err := w.CreateToken(w.ctx(), bad)
		w.refused(err, tc.kind, words)
		if err != nil && strings.Contains(err.Error(), "secret") {
			w.Errorf("the error tells what was handed in as a hash: %v", err)
		}
	}
}
