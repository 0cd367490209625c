// Package service holds the contract between what calls services (channels, the
// admin API, other services) and what runs them (the engines), and everything
// around a call that no engine may forget.
//
// It offers [Service] and [Module] (what an engine provides), [Call] (one
// request), [Registry] (the table of versions that a call pins, and its atomic
// switch), [Invoker] (validation, deadline, limits, panic containment, counts),
// [Host] (the one way in which a service reaches the outside), and [Error].
//
// It runs no code of users (node/engine/… does) and opens no endpoint
// (node/channel does). It imports odb and node/library.
package service
