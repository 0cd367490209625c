package outgoing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signalbox.internal/node/service"
)

// Operations returns the host operations of outgoing connections; DESIGN.md has
// the table of their arguments and results.
func (m *Manager) Operations() map[string]service.Operation {
	return map[string]service.Operation{
		"http.request":    m.opHTTP,
		"sql.query":       m.opQuery,
		"sql.one":         m.opOne,
		"sql.exec":        m.opExec,
		"sql.transaction": m.opTransaction,
		"outgoing.ping":   m.opPing,
	}
}

type httpArgs struct {
	Connection  string                     `json:"connection"`
	Method      string                     `json:"method"`
	Path        string                     `json:"path"`
	Params      map[string]json.RawMessage `json:"params"`
	Query       map[string]json.RawMessage `json:"query"`
	Headers     map[string]json.RawMessage `json:"headers"`
	JSON        json.RawMessage            `json:"json"`
	Text        *string                    `json:"text"`
	Base64      *string                    `json:"base64"`
	ContentType string                     `json:"content_type"`
	TimeoutMS   int64                      `json:"timeout_ms"`
	Retry       *bool                      `json:"retry"`
}

func (m *Manager) opHTTP(ctx context.Context, c *service.Call, args json.RawMessage) (any, error) {
	var a httpArgs
	if err := decode("http.request", args, &a, &a.Connection); err != nil {
		return nil, err
	}
	r, err := a.request()
	if err != nil {
		return nil, wrongArgs("http.request", a.Connection, err)
	}
	r.CID = c.CID
	answer, err := m.HTTP(a.Connection).Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(answer.encode()), nil
}

// request turns the arguments into what Go code would hand in.
func (a httpArgs) request() (Request, error) {
	r := Request{Method: a.Method, Path: a.Path, ContentType: a.ContentType, Query: url.Values{}}
	var err error
	if r.Params, err = scalars("params", a.Params); err != nil {
		return r, err
	}
	if r.Header, err = scalars("headers", a.Headers); err != nil {
		return r, err
	}
	for name, raw := range a.Query {
		if r.Query[name], err = scalarList(raw); err != nil {
			return r, fmt.Errorf("query.%s %w", name, err)
		}
	}
	if a.TimeoutMS < 0 || a.TimeoutMS > int64(24*time.Hour/time.Millisecond) {
		return r, fmt.Errorf("timeout_ms is %d; a positive number of milliseconds, at most a day, is needed", a.TimeoutMS)
	}
	r.Timeout = time.Duration(a.TimeoutMS) * time.Millisecond
	if a.Retry != nil {
		r.Retry = RetryNever
		if *a.Retry {
			r.Retry = RetryKeyed
		}
	}
	return r, a.body(&r)
}

// body fills in the body and the default of its type.
func (a httpArgs) body(r *Request) error {
	given, usual := 0, ""
	if len(a.JSON) > 0 {
		given, usual, r.Body = given+1, "application/json", a.JSON
	}
	if a.Text != nil {
		given, usual, r.Body = given+1, "text/plain; charset=utf-8", []byte(*a.Text)
	}
	if a.Base64 != nil {
		b, err := base64.StdEncoding.DecodeString(*a.Base64)
		if err != nil {
			return errors.New("base64 is not base64")
		}
		given, usual, r.Body = given+1, "application/octet-stream", b
	}
	if given > 1 {
		return errors.New("at most one of json, text and base64 may be given")
	}
	if r.ContentType == "" {
		r.ContentType = usual
	}
	for name := range r.Header {
		if strings.EqualFold(name, "Content-Type") && a.ContentType == "" {
			r.ContentType = "" // the header says it
		}
	}
	return nil
}

type sqlArgs struct {
	Connection string                     `json:"connection"`
	SQL        string                     `json:"sql"`
	Params     map[string]json.RawMessage `json:"params"`
}

// statement reads the parameters.
func (a sqlArgs) statement(op string) (Statement, error) {
	params, err := paramsFromJSON(a.Params)
	if err != nil {
		return Statement{}, wrongArgs(op, a.Connection, err)
	}
	return Statement{SQL: a.SQL, Params: params}, nil
}

func (m *Manager) opQuery(ctx context.Context, _ *service.Call, args json.RawMessage) (any, error) {
	var a struct {
		sqlArgs
		MaxRows int `json:"max_rows"`
	}
	if err := decode("sql.query", args, &a, &a.Connection); err != nil {
		return nil, err
	}
	st, err := a.statement("sql.query")
	if err != nil {
		return nil, err
	}
	if a.MaxRows < 0 {
		return nil, wrongArgs("sql.query", a.Connection, errors.New("max_rows is negative"))
	}
	st.MaxRows = a.MaxRows
	r, err := m.SQL(a.Connection).Query(ctx, st)
	if err != nil {
		return nil, err
	}
	return encoded(r)
}

func (m *Manager) opOne(ctx context.Context, _ *service.Call, args json.RawMessage) (any, error) {
	var a sqlArgs
	if err := decode("sql.one", args, &a, &a.Connection); err != nil {
		return nil, err
	}
	st, err := a.statement("sql.one")
	if err != nil {
		return nil, err
	}
	st.MaxRows = 1
	r, err := m.SQL(a.Connection).Query(ctx, st)
	if e, ok := errors.AsType[*service.Error](err); ok && e.Code == service.CodeTooLarge && e.Cause != nil {
		if _, rows := errors.AsType[*tooManyRows](e.Cause); rows {
			return nil, &service.Error{
				Code: service.CodeSQL, Status: http.StatusInternalServerError,
				Details: map[string]any{"connection": a.Connection, "many_rows": true},
				Message: a.Connection + ": the query of sql.one yields more than one row",
			}
		}
	}
	if err != nil || len(r.Rows) == 0 {
		return nil, err
	}
	return json.RawMessage(appendRow(nil, r.keys(), r.Rows[0])), nil
}

func (m *Manager) opExec(ctx context.Context, _ *service.Call, args json.RawMessage) (any, error) {
	var a sqlArgs
	if err := decode("sql.exec", args, &a, &a.Connection); err != nil {
		return nil, err
	}
	st, err := a.statement("sql.exec")
	if err != nil {
		return nil, err
	}
	r, err := m.SQL(a.Connection).Exec(ctx, st)
	if err != nil {
		return nil, err
	}
	return encoded(r)
}

func (m *Manager) opTransaction(ctx context.Context, _ *service.Call, args json.RawMessage) (any, error) {
	var a struct {
		Connection string `json:"connection"`
		Statements []struct {
			SQL     string                     `json:"sql"`
			Params  map[string]json.RawMessage `json:"params"`
			Query   bool                       `json:"query"`
			MaxRows int                        `json:"max_rows"`
		} `json:"statements"`
	}
	const op = "sql.transaction"
	if err := decode(op, args, &a, &a.Connection); err != nil {
		return nil, err
	}
	statements := make([]Statement, len(a.Statements))
	for i, s := range a.Statements {
		params, err := paramsFromJSON(s.Params)
		if err == nil && s.MaxRows < 0 {
			err = errors.New("max_rows is negative")
		}
		if err != nil {
			return nil, inStatement(wrongArgs(op, a.Connection, err), i)
		}
		statements[i] = Statement{SQL: s.SQL, Params: params, Query: s.Query, MaxRows: s.MaxRows}
	}
	results, err := m.SQL(a.Connection).Transaction(ctx, statements)
	if err != nil {
		return nil, err
	}
	return encoded(results)
}

func (m *Manager) opPing(ctx context.Context, _ *service.Call, args json.RawMessage) (any, error) {
	var a struct {
		Connection string `json:"connection"`
	}
	if err := decode("outgoing.ping", args, &a, &a.Connection); err != nil {
		return nil, err
	}
	h, err := m.Ping(ctx, a.Connection)
	if err != nil && (h.State != Down || ctx.Err() != nil) {
		return nil, err
	}
	return h, nil
}

// decode reads arguments strictly and wants a connection.
func decode(op string, args json.RawMessage, into any, connection *string) error {
	if err := service.DecodeArgs(op, args, into); err != nil {
		return err
	}
	if *connection == "" {
		return wrongArgs(op, "", errors.New("connection is missing"))
	}
	return nil
}

func wrongArgs(op, connection string, err error) error {
	e := service.Errorf(http.StatusInternalServerError, service.CodeArguments, "the arguments of %s are wrong: %v", op, err)
	e.Details = map[string]any{"connection": connection}
	return e
}

// encoded makes the result once; the host passes it on as it is.
func encoded(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return json.RawMessage(text), nil
}

// scalars reads an object of texts, numbers and booleans as texts.
func scalars(what string, raw map[string]json.RawMessage) (map[string]string, error) {
	values := make(map[string]string, len(raw))
	for name, text := range raw {
		v, err := scalar(text)
		if err != nil {
			return nil, fmt.Errorf("%s.%s %w", what, name, err)
		}
		values[name] = v
	}
	return values, nil
}

var errNotScalar = errors.New("is not a text, a number or a boolean")

func scalar(text json.RawMessage) (string, error) {
	if len(text) == 0 {
		return "", errNotScalar
	}
	switch text[0] {
	case '{', '[', 'n':
		return "", errNotScalar
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	}
	return string(text), nil
}

// scalarList reads a scalar, a list of them, or null, which is an empty list.
func scalarList(text json.RawMessage) ([]string, error) {
	if len(text) == 0 || text[0] == 'n' {
		return nil, nil
	}
	if text[0] != '[' {
		v, err := scalar(text)
		return []string{v}, err
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(text, &elements); err != nil {
		return nil, err
	}
	values := make([]string, len(elements))
	for i, e := range elements {
		v, err := scalar(e)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}
