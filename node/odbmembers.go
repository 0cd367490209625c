package node

import (
	"context"
	"time"

	"signalbox.internal/odb"
)

// EnrolMember implements odb.Store.
func (l *odbLink) EnrolMember(ctx context.Context, m odb.Member) error {
	return l.do("enrol node", func(s odb.Store) error { return s.EnrolMember(ctx, m) })
}

// ReportMember implements odb.Store.
func (l *odbLink) ReportMember(ctx context.Context, id string, r odb.MemberReport) error {
	return l.do("report node", func(s odb.Store) error { return s.ReportMember(ctx, id, r) })
}

// ListMembers implements odb.Store.
func (l *odbLink) ListMembers(ctx context.Context) ([]odb.Member, error) {
	return ask(l, "list nodes", serving, func(s odb.Store) ([]odb.Member, error) { return s.ListMembers(ctx) })
}

// SetRotation implements odb.Store.
func (l *odbLink) SetRotation(ctx context.Context, id string, r odb.Rotation) error {
	return l.do("set rotation", func(s odb.Store) error { return s.SetRotation(ctx, id, r) })
}

// RemoveMember implements odb.Store.
func (l *odbLink) RemoveMember(ctx context.Context, id string) error {
	return l.do("remove node", func(s odb.Store) error { return s.RemoveMember(ctx, id) })
}

// CreateJoinToken implements odb.Store.
func (l *odbLink) CreateJoinToken(ctx context.Context, p odb.JoinToken) error {
	return l.do("create join token", func(s odb.Store) error { return s.CreateJoinToken(ctx, p) })
}

// UseJoinToken implements odb.Store.
func (l *odbLink) UseJoinToken(ctx context.Context, id, hash string) (odb.JoinToken, error) {
	return ask(l, "use join token", serving, func(s odb.Store) (odb.JoinToken, error) { return s.UseJoinToken(ctx, id, hash) })
}

// ListJoinTokens implements odb.Store.
func (l *odbLink) ListJoinTokens(ctx context.Context) ([]odb.JoinToken, error) {
	return ask(l, "list join tokens", serving, func(s odb.Store) ([]odb.JoinToken, error) { return s.ListJoinTokens(ctx) })
}

// DeleteJoinToken implements odb.Store.
func (l *odbLink) DeleteJoinToken(ctx context.Context, id string) error {
	return l.do("revoke join token", func(s odb.Store) error { return s.DeleteJoinToken(ctx, id) })
}

// AskToJoin implements odb.Store.
func (l *odbLink) AskToJoin(ctx context.Context, r odb.JoinRequest, wait time.Duration) error {
	return l.do("ask to join", func(s odb.Store) error { return s.AskToJoin(ctx, r, wait) })
}

// JoinRequestOf implements odb.Store.
func (l *odbLink) JoinRequestOf(ctx context.Context, id string) (odb.JoinRequest, error) {
	return ask(l, "read join request", serving, func(s odb.Store) (odb.JoinRequest, error) { return s.JoinRequestOf(ctx, id) })
}

// ListJoinRequests implements odb.Store.
func (l *odbLink) ListJoinRequests(ctx context.Context) ([]odb.JoinRequest, error) {
	return ask(l, "list join requests", serving, func(s odb.Store) ([]odb.JoinRequest, error) { return s.ListJoinRequests(ctx) })
}

// DecideJoin implements odb.Store.
func (l *odbLink) DecideJoin(ctx context.Context, id string, st odb.JoinState, by string) error {
	return l.do("decide on join request", func(s odb.Store) error { return s.DecideJoin(ctx, id, st, by) })
}
