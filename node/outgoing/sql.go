package outgoing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"signalbox.internal/node/netguard"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// sqlSide is the pool of one SQL definition.
type sqlSide struct {
	name    string
	spec    *odb.OutgoingSpec
	dialect dialect
	db      *sql.DB
	redactor

	ready   atomic.Bool   // the first statements have run
	readies chan struct{} // one place: who holds it runs the first statements
}

// openSQL makes the pool of a definition. It does not connect: the far side may
// be down.
func openSQL(name string, spec *odb.OutgoingSpec, secrets Secrets, dataDir string, log *slog.Logger) (*sqlSide, error) {
	password := func() (string, error) {
		if spec.Password.IsZero() {
			return "", nil
		}
		return secrets.Open("outgoing", name, "/password", spec.Password)
	}
	text, err := password()
	if err != nil {
		return nil, fmt.Errorf("open the password: %w", err)
	}
	dialer, err := guardedDialer(spec)
	if err != nil {
		return nil, err
	}
	connect, d, err := openDialect(sqlConfig{spec: spec, password: password, dial: dialer.DialContext, dataDir: dataDir, log: log})
	if err != nil {
		return nil, err
	}
	s := &sqlSide{name: name, spec: spec, dialect: d, redactor: redactorOf(text), readies: make(chan struct{}, 1)}
	s.ready.Store(len(spec.Init) == 0)
	s.db = sql.OpenDB(connector{connect: connect, timeout: spec.ConnectTimeout.Std()})
	s.db.SetMaxOpenConns(spec.MaxOpen)
	s.db.SetMaxIdleConns(min(spec.MaxIdle, spec.MaxOpen))
	s.db.SetConnMaxLifetime(spec.MaxLifetime.Std())
	return s, nil
}

// guardedDialer returns a dialer that judges every address that it dials.
func guardedDialer(spec *odb.OutgoingSpec) (*net.Dialer, error) {
	var allow []netip.Prefix
	for _, text := range spec.Allow {
		p, err := odb.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read the allowed networks: %w", err)
		}
		allow = append(allow, p)
	}
	return &net.Dialer{Timeout: spec.ConnectTimeout.Std(), KeepAlive: 30 * time.Second, Control: netguard.Control(allow)}, nil
}

// redactorOf hides secret in every form in which a message may have it.
func redactorOf(secret string) redactor {
	if secret == "" {
		return nil
	}
	return redactor{secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:]}
}

// ping connects, runs the first statements if they have not run, and asks the
// database for a sign of life.
func (s *sqlSide) ping(ctx context.Context) error {
	if err := s.ensureReady(ctx); err != nil {
		return err
	}
	if err := s.db.PingContext(ctx); err != nil {
		e, _ := s.failure(ctx, err)
		return e
	}
	return nil
}

// ensureReady runs the definition's first statements once. When one fails, the
// next use tries again.
func (s *sqlSide) ensureReady(ctx context.Context) error {
	if s.ready.Load() {
		return nil
	}
	select {
	case s.readies <- struct{}{}:
		defer func() { <-s.readies }()
	case <-ctx.Done():
		return stopped(ctx, s.name)
	}
	if s.ready.Load() {
		return nil
	}
	for i, text := range s.spec.Init {
		if e := s.runInit(ctx, text); e != nil {
			e.Message = fmt.Sprintf("%s (first statement %d)", e.Message, i+1)
			if ctx.Err() != nil {
				return e
			}
			return &downError{seen: e} // without its first statements it is of no use
		}
	}
	s.ready.Store(true)
	return nil
}

// runInit runs one of the first statements as it is: it has no parameters, and
// may do what services may not.
func (s *sqlSide) runInit(ctx context.Context, text string) *service.Error {
	ctx, cancel := context.WithTimeout(ctx, s.spec.QueryTimeout.Std())
	defer cancel()
	if _, err := s.run(ctx, s.db, bound{text: text}); err != nil {
		e, _ := s.failure(ctx, err)
		return e
	}
	return nil
}

func (s *sqlSide) breakerState() string { return "" }

func (s *sqlSide) close() error {
	if err := s.db.Close(); err != nil {
		return errors.New(s.clean(err.Error()))
	}
	return nil
}
