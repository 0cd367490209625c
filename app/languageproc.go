package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxMessage is the longest message of the language server, in bytes.
const maxMessage = 16 << 20

// findCompiler looks for a TypeScript compiler that has a language server: tsc from 7 on.
func findCompiler(ctx context.Context) (LanguageInfo, []string) {
	program, err := exec.LookPath("tsc")
	if err != nil || !filepath.IsAbs(program) { // never one of the folder that the app was started in
		return LanguageInfo{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, program, "--version").Output() //nolint:gosec // the user's own compiler, found on the PATH
	if err != nil {
		return LanguageInfo{}, nil
	}
	version := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(said)), "Version"))
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 7 {
		return LanguageInfo{}, nil
	}
	return LanguageInfo{Available: true, Program: program, Version: version}, []string{program, "--lsp", "--stdio"}
}

// languageProc is one running language server. Its methods are called by one goroutine.
type languageProc struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	work  *workspace
	next  int
	done  chan struct{} // closed when its output has ended
	write sync.Mutex

	mu      sync.Mutex
	pending map[int]chan rpcMessage
}

// rpcMessage is a message of JSON-RPC, of either side.
type rpcMessage struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startLanguage starts the program with environ in a workspace of its own and greets it.
func startLanguage(ctx context.Context, args, environ []string) (*languageProc, error) {
	work, err := newWorkspace()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec,noctx // found by findCompiler; it outlives the question that starts it
	cmd.Dir = work.dir
	cmd.Env = append(slices.Clip(environ), "GOMEMLIMIT=1GiB") // it is a program in Go
	cmd.WaitDelay = 2 * time.Second
	p := &languageProc{cmd: cmd, work: work, done: make(chan struct{}), pending: map[int]chan rpcMessage{}}
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, work.remove())
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, work.remove())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, work.remove())
	}
	go p.read(out)
	err = p.call(ctx, "initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": work.uri(""), "workspaceFolders": []map[string]string{{"uri": work.uri(""), "name": "package"}},
		"capabilities": map[string]any{"textDocument": map[string]any{
			"diagnostic": map[string]any{}, "hover": map[string]any{"contentFormat": []string{"plaintext"}},
			"completion": map[string]any{"completionItem": map[string]any{"labelDetailsSupport": true}},
		}},
	}, nil)
	if err == nil {
		err = p.tell("initialized", map[string]any{})
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// ended reports whether the program has ended by itself.
func (p *languageProc) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// close ends the program: it sees the end of its input, and is killed when it goes on.
func (p *languageProc) close() {
	_ = p.in.Close()
	kill := time.AfterFunc(time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait() // how it ended matters no more
	kill.Stop()
	<-p.done
	_ = p.work.remove()
}

// read hands answers to who waits for them, until the output ends.
func (p *languageProc) read(out io.Reader) {
	defer close(p.done)
	r := bufio.NewReader(out)
	for {
		m, err := readMessage(r)
		if err != nil {
			return
		}
		if m.Method != "" {
			if len(m.ID) > 0 { // a question to the client: there is nothing to configure
				go func() { _ = p.send(rpcMessage{ID: m.ID, Result: json.RawMessage("null")}) }()
			}
			continue
		}
		id, err := strconv.Atoi(string(m.ID))
		if err != nil {
			continue
		}
		p.mu.Lock()
		wait := p.pending[id]
		delete(p.pending, id)
		p.mu.Unlock()
		if wait != nil {
			wait <- m
		}
	}
}

// readMessage reads one message with its header.
func readMessage(r *bufio.Reader) (rpcMessage, error) {
	var m rpcMessage
	length := -1
	for lines := 0; ; lines++ {
		line, err := r.ReadSlice('\n') // at most the reader's buffer
		if err != nil || lines > 20 {
			return m, errors.Join(err, errors.New("the header is not well-formed"))
		}
		text := strings.TrimSpace(string(line))
		if text == "" {
			break
		}
		if name, value, ok := strings.Cut(text, ":"); ok && strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return m, fmt.Errorf("read header: %w", err)
			}
		}
	}
	if length < 0 || length > maxMessage {
		return m, fmt.Errorf("a message of %d bytes", length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return m, err
	}
	return m, json.Unmarshal(body, &m)
}

func (p *languageProc) send(m rpcMessage) error {
	m.Version = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	p.write.Lock()
	defer p.write.Unlock()
	_, err = fmt.Fprintf(p.in, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return err
}

// tell sends what has no answer.
func (p *languageProc) tell(method string, params any) error {
	return p.send(rpcMessage{Method: method, Params: params})
}

// call asks and waits for the answer.
func (p *languageProc) call(ctx context.Context, method string, params, into any) error {
	p.next++
	id := p.next
	wait := make(chan rpcMessage, 1)
	p.mu.Lock()
	p.pending[id] = wait
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.pending, id)
		p.mu.Unlock()
	}()
	if err := p.send(rpcMessage{ID: json.RawMessage(strconv.Itoa(id)), Method: method, Params: params}); err != nil {
		return err
	}
	select {
	case m := <-wait:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if into == nil || len(m.Result) == 0 {
			return nil
		}
		return json.Unmarshal(m.Result, into)
	case <-p.done:
		return errors.New("it has ended")
	case <-ctx.Done():
		return ctx.Err()
	}
}
