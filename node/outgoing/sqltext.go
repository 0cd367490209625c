package outgoing

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lexis is what differs between the databases in how their SQL is read.
type lexis struct {
	backslash   bool   // '\'' is a quote inside a literal (MySQL)
	doubleIsStr bool   // "…" is such a literal, not a name (MySQL without ANSI_QUOTES)
	backtick    bool   // `…` quotes a name (MySQL, SQLite)
	bracket     bool   // […] quotes a name (SQLite)
	hash        bool   // # starts a comment (MySQL)
	dashBlank   bool   // -- starts a comment only before a blank (MySQL)
	bangComment bool   // /*! … */ is code (MySQL, MariaDB)
	nested      bool   // comments nest (PostgreSQL)
	dollar      bool   // $tag$ … $tag$ quotes (PostgreSQL)
	escapeE     bool   // E'…' has backslashes (PostgreSQL)
	quoteQ      bool   // q'[…]' quotes (Oracle)
	refuse      string // characters that would be parameters of the database itself
	colonDigit  bool   // :1 is a parameter of the database itself
}

// part is a piece of a statement: text, or a parameter when name is set.
type part struct {
	text string
	name string
}

// statement is SQL text taken apart at its :name parameters.
type statement struct {
	parts   []part
	keyword string // first word, in capitals
	second  string // second word, in capitals
}

// parseSQL finds the :name parameters of text. What stands in literals, quoted
// names and comments is none; neither is ::, := or [1:2].
func parseSQL(text string, lex lexis) (statement, error) {
	s := scanner{text: text, lex: lex}
	for s.pos < len(text) {
		if err := s.step(); err != nil {
			return statement{}, err
		}
	}
	s.flush(len(text))
	return s.out, nil
}

// scanner walks through SQL text once, from left to right.
type scanner struct {
	text string
	lex  lexis
	pos  int // next byte to read
	from int // start of the text that is not in out yet
	out  statement
}

// at returns the byte at i, or 0 behind the end.
func (s *scanner) at(i int) byte {
	if i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func (s *scanner) flush(end int) {
	if end > s.from {
		s.out.parts = append(s.out.parts, part{text: s.text[s.from:end]})
	}
}

// step reads one token.
func (s *scanner) step() error {
	c := s.text[s.pos]
	switch {
	case isNameStart(c):
		return s.word()
	case c >= '0' && c <= '9':
		for s.pos < len(s.text) && isNamePart(s.text[s.pos]) {
			s.pos++
		}
		return nil
	case c == ':':
		return s.colon()
	case s.commentStarts():
		return s.comment()
	case c == '\'' || c == '"' || c == '`' && s.lex.backtick:
		return s.quoted(c, s.lex.backslash && (c == '\'' || c == '"' && s.lex.doubleIsStr))
	case c == '[' && s.lex.bracket:
		return s.until("]", "the name in […]")
	case c == '$' && s.lex.dollar:
		return s.dollarQuoted()
	case strings.IndexByte(s.lex.refuse, c) >= 0 && (c == '?' || isNamePart(s.at(s.pos+1))):
		return fmt.Errorf("the statement has the parameter %q at byte %d; parameters are written :name", s.shown(), s.pos)
	}
	s.pos++
	return nil
}

// shown returns the start of what stands at pos, for messages.
func (s *scanner) shown() string {
	end := s.pos + 1
	for end < len(s.text) && isNamePart(s.text[end]) && end-s.pos < 40 {
		end++
	}
	return strings.ToValidUTF8(s.text[s.pos:end], "�")
}

// word reads a name or keyword, and the literal that its prefix begins.
func (s *scanner) word() error {
	start := s.pos
	for s.pos < len(s.text) && isNamePart(s.text[s.pos]) {
		s.pos++
	}
	w := strings.ToUpper(s.text[start:s.pos])
	if s.out.keyword == "" {
		s.out.keyword = w
	} else if s.out.second == "" {
		s.out.second = w
	}
	if s.at(s.pos) != '\'' {
		return nil
	}
	switch {
	case s.lex.quoteQ && (w == "Q" || w == "NQ"):
		return s.quotedQ()
	case s.lex.escapeE && w == "E":
		return s.quoted('\'', true)
	}
	return nil
}

// colon reads ::, :=, a parameter, or a colon of the language.
func (s *scanner) colon() error {
	next := s.at(s.pos + 1)
	switch {
	case next == ':' || next == '=':
		s.pos += 2
	case isNameStart(next):
		s.flush(s.pos)
		end := s.pos + 1
		for end < len(s.text) && isNamePart(s.text[end]) && s.text[end] != '$' {
			end++
		}
		name := s.text[s.pos+1 : end]
		if !utf8.ValidString(name) {
			return fmt.Errorf("the name of the parameter at byte %d is not UTF-8", s.pos)
		}
		s.out.parts = append(s.out.parts, part{name: name})
		s.pos, s.from = end, end
	case s.lex.colonDigit && next >= '0' && next <= '9':
		return fmt.Errorf("the statement has the parameter %q at byte %d; a parameter's name starts with a letter", s.shown(), s.pos)
	default:
		s.pos++
	}
	return nil
}

// commentStarts says whether a comment starts at pos.
func (s *scanner) commentStarts() bool {
	c, next := s.text[s.pos], s.at(s.pos+1)
	switch c {
	case '#':
		return s.lex.hash
	case '-':
		third := s.at(s.pos + 2)
		return next == '-' && (!s.lex.dashBlank || third <= ' ')
	case '/':
		return next == '*' && (!s.lex.bangComment || s.bang() == 0)
	}
	return false
}

// bang returns the length of what opens a comment that MySQL runs; 0 for another.
func (s *scanner) bang() int {
	for _, open := range []string{"/*!", "/*M!"} {
		if strings.HasPrefix(s.text[s.pos:], open) {
			return len(open)
		}
	}
	return 0
}

func (s *scanner) comment() error {
	if s.text[s.pos] != '/' {
		if end := strings.IndexByte(s.text[s.pos:], '\n'); end >= 0 {
			s.pos += end + 1
		} else {
			s.pos = len(s.text)
		}
		return nil
	}
	start, depth := s.pos, 0
	for s.pos < len(s.text) {
		switch {
		case strings.HasPrefix(s.text[s.pos:], "*/"):
			s.pos += 2
			if depth--; depth == 0 {
				return nil
			}
		case strings.HasPrefix(s.text[s.pos:], "/*") && (depth == 0 || s.lex.nested):
			s.pos += 2
			depth++
		default:
			s.pos++
		}
	}
	return fmt.Errorf("the comment at byte %d is not closed", start)
}

// quoted reads '…', "…" or `…`; a doubled quote stands for itself.
func (s *scanner) quoted(quote byte, backslash bool) error {
	start := s.pos
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '\\' && backslash:
			s.pos++
		case c == quote && s.at(s.pos+1) == quote:
			s.pos++
		case c == quote:
			s.pos++
			return nil
		}
	}
	s.pos = len(s.text)
	return fmt.Errorf("the quote %c at byte %d is not closed", quote, start)
}

// quotedQ reads Oracle's q'[…]', with pos at the quote.
func (s *scanner) quotedQ() error {
	start := s.pos
	open, size := utf8.DecodeRuneInString(s.text[min(start+1, len(s.text)):])
	if size == 0 {
		return fmt.Errorf("the quote ' at byte %d is not closed", start)
	}
	end := string(open)
	if i := strings.IndexRune("[{(<", open); i >= 0 {
		end = "]})>"[i : i+1]
	}
	s.pos = start + 1 + size
	return s.until(end+"'", "the literal q'"+string(open))
}

// dollarQuoted reads PostgreSQL's $tag$ … $tag$; $1 is refused.
func (s *scanner) dollarQuoted() error {
	end := s.pos + 1
	for end < len(s.text) && isNamePart(s.text[end]) && s.text[end] != '$' {
		end++
	}
	first := s.at(s.pos + 1)
	switch {
	case first >= '0' && first <= '9':
		return fmt.Errorf("the statement has the parameter %q at byte %d; parameters are written :name", s.shown(), s.pos)
	case s.at(end) != '$':
		s.pos++
		return nil
	}
	tag := s.text[s.pos : end+1]
	s.pos = end + 1
	return s.until(tag, "the literal "+strings.ToValidUTF8(tag, "�"))
}

// until moves behind the next mark.
func (s *scanner) until(mark, what string) error {
	i := strings.Index(s.text[s.pos:], mark)
	if i < 0 {
		start := s.pos
		s.pos = len(s.text)
		return fmt.Errorf("%s before byte %d is not closed", what, start)
	}
	s.pos += i + len(mark)
	return nil
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isNamePart(c byte) bool {
	return isNameStart(c) || c >= '0' && c <= '9' || c == '$'
}
