package render

import (
	"text/template/parse"

	"signalbox.internal/node/library/fault"
)

// Names of the functions that guard puts into templates. They are made known only
// after parsing, so no template can call them itself.
const (
	stepFunc  = "guard_step"
	enterFunc = "guard_enter"
	leaveFunc = "guard_leave"
	showFunc  = "guard_show"
)

func (r *run) guards() map[string]any {
	return map[string]any{stepFunc: r.step, enterFunc: r.enter, leaveFunc: r.leave, showFunc: r.show}
}

// guard changes a parsed template so that it asks for leave at every round of a loop
// and at every use of a template: else an empty loop would neither write nor call
// anything, and nobody could stop it. The question is {{if step}}{{end}}, which writes
// nothing in any context. In a text it also shows null as "" and lists and objects as
// JSON.
func (r *run) guard(tree *parse.Tree, show bool) {
	if tree == nil || tree.Root == nil {
		return
	}
	g := guarding{tree, show}
	g.list(tree.Root)
	nodes := append([]parse.Node{g.ask(enterFunc)}, tree.Root.Nodes...)
	tree.Root.Nodes = append(nodes, g.ask(leaveFunc))
}

type guarding struct {
	tree *parse.Tree
	show bool
}

func (g guarding) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			g.branch(&n.BranchNode)
		case *parse.WithNode:
			g.branch(&n.BranchNode)
		case *parse.RangeNode:
			g.branch(&n.BranchNode)
			n.List.Nodes = append([]parse.Node{g.ask(stepFunc)}, n.List.Nodes...)
		case *parse.ActionNode:
			if g.show && n.Pipe != nil && len(n.Pipe.Decl) == 0 {
				n.Pipe.Cmds = append(n.Pipe.Cmds, g.call(showFunc, n.Pos))
			}
		}
	}
}

func (g guarding) branch(b *parse.BranchNode) {
	g.list(b.List)
	g.list(b.ElseList)
}

func (g guarding) call(name string, pos parse.Pos) *parse.CommandNode {
	ident := parse.NewIdentifier(name).SetPos(pos).SetTree(g.tree)
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{ident}}
}

// ask is {{if name}}{{end}}.
func (g guarding) ask(name string) parse.Node {
	pos := g.tree.Root.Position()
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{g.call(name, pos)}}
	list := &parse.ListNode{NodeType: parse.NodeList, Pos: pos}
	return &parse.IfNode{BranchNode: parse.BranchNode{NodeType: parse.NodeIf, Pos: pos, Pipe: pipe, List: list}}
}

// step is asked at every round of a loop.
func (r *run) step() (bool, error) { return false, r.spend(1) }

// enter and leave are asked at the start and the end of every template.
func (r *run) enter() (bool, error) {
	if r.depth++; r.depth > maxNesting {
		return false, tooMuch("templates use one another too deeply")
	}
	const cost = 5
	return false, r.spend(cost)
}

func (r *run) leave() bool {
	r.depth--
	return false
}

// spend counts work and looks at the context.
func (r *run) spend(steps int) error {
	if r.left -= steps; r.left < 0 {
		return tooMuch("the template does more work than allowed")
	}
	return fault.Context(r.ctx)
}
