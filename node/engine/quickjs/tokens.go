package quickjs

import "strings"

// token is one word of a bundle. The bundler prints every package in one style,
// so a small scanner is enough where a parser would be needed for what people write.
type token struct {
	kind tokenKind
	text string // of a text: what is between its quotes, as it stands there
	line int    // from 1
	col  int    // in bytes, from 1
	end  int    // line where it ends, with the text of a template behind it
}

type tokenKind byte

const (
	tokenName tokenKind = iota
	tokenText           // a text whose value is known: quoted, or a template without parts
	tokenOther
)

// scanner cuts a bundle into tokens.
type scanner struct {
	text   string
	at     int
	line   int
	start  int // of the line
	tokens []token
	braces []bool // of each open brace: whether it is a part of a template
}

// tokensOf scans a script. What it cannot read ends the list; it never fails.
func tokensOf(text string) []token {
	s := &scanner{text: text, line: 1}
	for s.at < len(s.text) {
		n := len(s.tokens)
		s.next()
		for i := range s.tokens[n:] {
			s.tokens[n+i].end = s.line
		}
	}
	return s.tokens
}

func (s *scanner) next() {
	c := s.text[s.at]
	switch {
	case c == '\n':
		s.at++
		s.line, s.start = s.line+1, s.at
	case c == ' ' || c == '\t' || c == '\r':
		s.at++
	case strings.HasPrefix(s.text[s.at:], "//"):
		s.skipTo("\n")
	case strings.HasPrefix(s.text[s.at:], "/*"):
		s.skipTo("*/")
	case c == '"' || c == '\'':
		s.quoted(c)
	case c == '`':
		s.add(tokenOther, "`")
		s.template()
	case isWord(c):
		s.word()
	case c == '/' && s.regexpHere():
		s.regexp()
	default:
		s.sign(c)
	}
}

func (s *scanner) add(kind tokenKind, text string) {
	s.tokens = append(s.tokens, token{kind: kind, text: text, line: s.line, col: s.at - s.start + 1})
}

// skipTo goes behind the next end, which may be lines away.
func (s *scanner) skipTo(end string) {
	rest := s.text[s.at:]
	n := strings.Index(rest, end)
	if n < 0 {
		s.at = len(s.text)
		return
	}
	if end == "\n" {
		s.at += n
		return
	}
	s.move(n + len(end))
}

// move goes on by n bytes and counts the lines in them.
func (s *scanner) move(n int) {
	part := s.text[s.at : s.at+n]
	if lines := strings.Count(part, "\n"); lines > 0 {
		s.line += lines
		s.start = s.at + strings.LastIndexByte(part, '\n') + 1
	}
	s.at += n
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '#' || c == '\\' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (s *scanner) word() {
	end := s.at
	for end < len(s.text) && isWord(s.text[end]) {
		end++
	}
	s.add(tokenName, s.text[s.at:end])
	s.at = end
}

// endOf finds the quote that ends a text which begins at from; -1 when there is none.
func (s *scanner) endOf(from int, quote byte) int {
	for i := from; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

func (s *scanner) quoted(quote byte) {
	end := s.endOf(s.at+1, quote)
	if end < 0 {
		s.at = len(s.text)
		return
	}
	s.add(tokenText, s.text[s.at+1:end])
	s.move(end + 1 - s.at)
}

// template reads from a ` or from the } of a part to the end or to the next part.
func (s *scanner) template() {
	for i := s.at + 1; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\':
			i++
		case s.text[i] == '`':
			if last := &s.tokens[len(s.tokens)-1]; last.text == "`" && last.kind == tokenOther && s.text[s.at] == '`' {
				last.kind, last.text = tokenText, s.text[s.at+1:i]
			}
			s.move(i + 1 - s.at)
			return
		case strings.HasPrefix(s.text[i:], "${"):
			s.move(i + 2 - s.at)
			s.add(tokenOther, "{")
			s.braces = append(s.braces, true)
			return
		}
	}
	s.at = len(s.text)
}

func (s *scanner) sign(c byte) {
	s.add(tokenOther, s.text[s.at:s.at+1])
	switch c {
	case '{':
		s.braces = append(s.braces, false)
	case '}':
		if n := len(s.braces); n > 0 {
			inTemplate := s.braces[n-1]
			s.braces = s.braces[:n-1]
			if inTemplate {
				s.template()
				return
			}
		}
	}
	s.at++
}

// regexpHere says whether a / begins a regular expression: it does where no value
// stands before it.
func (s *scanner) regexpHere() bool {
	if len(s.tokens) == 0 {
		return true
	}
	last := s.tokens[len(s.tokens)-1]
	switch last.kind {
	case tokenName:
		switch last.text {
		case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "do", "else", "await", "yield", "instanceof":
			return true
		}
		return false
	case tokenText:
		return false
	case tokenOther:
	}
	return last.text != ")" && last.text != "]" && last.text != "}" && last.text != "`"
}

func (s *scanner) regexp() {
	class := false
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\n': // it was none
			s.sign('/')
			return
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			s.add(tokenText, "") // a value, as a text is
			s.at = i + 1
			return
		}
	}
	s.sign('/')
}
