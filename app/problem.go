package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
)

// The codes of problems that the app adds to those of the admin API.
const (
	CodeUnreachable    = "unreachable"           // 502: no address of the cluster answers
	CodeWrongAuthority = "wrong_authority"       // 502: what answers does not belong to the pinned authority; nothing was sent
	CodeReadOnly       = "read_only"             // 403: the cluster is saved as read-only
	CodeConfirm        = "confirmation_required" // 428: a destructive act on a protected cluster; X-Confirm is missing or wrong
	CodeSignedOut      = "signed_out"            // 401: nobody is signed in to the cluster
	CodeVaultLocked    = "vault_locked"          // 423: credentials cannot be read before the passphrase is given
	CodeVault          = "vault"                 // 503: the place for credentials cannot be used
	CodeNotHere        = "not_here"              // 403: this route of the admin API is not passed on
)

// maxBody is the largest body of a request to the app itself.
const maxBody = 4 << 20

// refuse makes a problem.
func refuse(status int, code, format string, args ...any) *client.Problem {
	return &client.Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// faults collects what is wrong with an input.
type faults struct{ p client.Problem }

func (f *faults) add(pointer, format string, args ...any) {
	n := len(f.p.Errors)
	f.p.Errors = slices.Grow(f.p.Errors, 1)[:n+1]
	f.p.Errors[n].Pointer, f.p.Errors[n].Message = pointer, fmt.Sprintf(format, args...)
}

func (f *faults) err() error {
	if len(f.p.Errors) == 0 {
		return nil
	}
	f.p.Status, f.p.Code, f.p.Detail = http.StatusUnprocessableEntity, client.CodeInvalid, "the input is not right"
	return &f.p
}

// problemOf makes a problem of any error; one that is not meant for the user becomes
// the hint to look into the log.
func problemOf(err error) *client.Problem {
	var foreign *foreignAuthorityError
	var vault *vaultError
	switch p, ok := errors.AsType[*client.Problem](err); {
	case ok:
		return p
	case errors.As(err, &foreign):
		return refuse(http.StatusBadGateway, CodeWrongAuthority, "%s", foreign.Error())
	case errors.As(err, &vault):
		return refuse(vault.status, vault.code, "%s", vault.Error())
	case errors.Is(err, client.ErrUnreachable):
		return refuse(http.StatusBadGateway, CodeUnreachable, "%s", reason(err))
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusGatewayTimeout, client.CodeTimeout, "the cluster did not answer in time")
	case errors.Is(err, context.Canceled):
		return refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "the call was ended")
	}
	return refuse(http.StatusInternalServerError, client.CodeInternal, "the app could not do that; its log says why")
}

// problemText returns what is wrong with an input in one line.
func problemText(err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || len(p.Errors) == 0 {
		return err
	}
	texts := make([]string, len(p.Errors))
	for i, one := range p.Errors {
		texts[i] = strings.TrimPrefix(one.Pointer, "/") + ": " + one.Message
	}
	return errors.New(strings.Join(texts, "; "))
}

// writeProblem answers with p.
func writeProblem(w http.ResponseWriter, p *client.Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	text, err := json.Marshal(p)
	if err != nil { // a problem is made of texts and raw JSON that was read before
		text = []byte(`{"type":"about:blank","code":"internal"}`)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(max(p.RetryAfter, time.Second).Seconds())))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(text)
}

// decode reads the body of a request strictly; an empty one is the zero value.
func decode[T any](r *http.Request) (T, error) {
	var in T
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return in, refuse(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is larger than %d MiB", maxBody>>20)
		}
		return in, refuse(http.StatusBadRequest, client.CodeBadRequest, "the body ended before its end")
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return in, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return in, refuse(http.StatusUnsupportedMediaType, client.CodeMediaType, "a body is application/json")
	}
	if err := decodeStrict(text, &in); err != nil {
		return in, refuse(http.StatusBadRequest, client.CodeBadRequest, "the body is not as it should be: %v", err)
	}
	return in, nil
}
