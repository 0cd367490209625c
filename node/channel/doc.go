// Package channel turns channel definitions into live endpoints on the traffic port.
//
// It offers [Manager], which is both the worker that puts the definitions of a
// snapshot into force and the [http.Handler] that serves them: it finds the channel
// of a path (the most specific pattern wins), lets in who may call, makes an input
// of body and parameters, calls the service and writes the answer. What it refuses
// is told as a problem document and counted by code.
//
// It runs no service (node/service does), checks no password (node/security does)
// and admits no more than the balancer lets in (lb does). It expects the balancer
// before it, which has given the request its correlation id and its client address.
//
// It imports odb, node/service, node/security, node/library and node/problem.
package channel
