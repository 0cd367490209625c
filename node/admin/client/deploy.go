package client

import (
	"context"
	"fmt"
	"time"
)

// Package is the source of one package of services.
type Package struct {
	Name  string          `json:"name"`
	Files map[string]File `json:"files" jsonschema:"by path within the package, with slashes"`
}

// NewPackage makes a package of files by path.
func NewPackage(name string, files map[string][]byte) Package {
	p := Package{Name: name, Files: make(map[string]File, len(files))}
	for path, content := range files {
		p.Files[path] = NewFile(content)
	}
	return p
}

// DeployRequest is code to be deployed: all packages in one revision, or none.
type DeployRequest struct {
	Packages []Package `json:"packages"`
	Reason   string    `json:"reason,omitempty" jsonschema:"why, for the change log"`
	Force    bool      `json:"force,omitempty" jsonschema:"deploy though a node cannot run it: that one is taken out of rotation"`

	// Base makes a deployment that overwrites another one a conflict.
	Base map[string]string `json:"base,omitempty" jsonschema:"by package: version that the code began from, empty for a package that must be new. When another is in force by now, the answer is 409 and current is a DeployedVersion"`
}

// DeployedVersion is what is in force of a package, in a conflict.
type DeployedVersion struct {
	Package  string    `json:"package"`
	Hash     string    `json:"hash" jsonschema:"empty: nothing of it is in force"`
	Service  string    `json:"service,omitempty" jsonschema:"one of its services"`
	Revision int64     `json:"revision,omitempty" jsonschema:"that put it into force"`
	At       time.Time `json:"at"`
	By       string    `json:"by,omitempty"`
}

// Deployed says what a deployment did, and which nodes run it.
type Deployed struct {
	Package  string            `json:"package" jsonschema:"name of the package; several are separated by commas"`
	Revision int64             `json:"revision"`
	Services []string          `json:"services" jsonschema:"of all packages"`
	Packages []DeployedPackage `json:"packages"`
	Nodes    []DeployedNode    `json:"nodes"`
}

// DeployedPackage is one package after a deployment.
type DeployedPackage struct {
	Package  string   `json:"package"`
	Hash     string   `json:"hash"`
	Services []string `json:"services"`
	Changed  bool     `json:"changed" jsonschema:"false when exactly this code was deployed already"`
}

// DeployedNode says whether a node runs the new code.
type DeployedNode struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// BuildMessage is one error of the compiler.
type BuildMessage struct {
	Package string `json:"package,omitempty"`
	File    string `json:"file"`
	Line    int    `json:"line" jsonschema:"from 1; 0 when it is not known"`
	Column  int    `json:"column" jsonschema:"from 1; 0 when it is not known"`
	Text    string `json:"text"`
}

// String writes "file:line:column: text".
func (m BuildMessage) String() string {
	switch {
	case m.File == "":
		return m.Text
	case m.Line == 0:
		return m.File + ": " + m.Text
	case m.Column == 0:
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
}

// Deploy deploys packages and returns when the node runs them. Code that does
// not compile is a [*Problem] with [CodeBuild] and Messages.
func (c *Client) Deploy(ctx context.Context, in DeployRequest) (Deployed, error) {
	var d Deployed
	err := c.post(ctx, path("deploy"), in, &d)
	return d, err
}
