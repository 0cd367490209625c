package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// screen writes lines and tables for people and remembers the first error, so
// that a full disk behind a redirection is not mistaken for success.
type screen struct {
	w     io.Writer
	color bool
	width int // characters in a line of the terminal; 0: it is none, lines may be long
	err   error
}

func (s *screen) write(text string) {
	if s.err != nil {
		return
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		s.err = fmt.Errorf("write output: %w", err)
	}
}

func (s *screen) line(format string, args ...any) {
	s.write(fmt.Sprintf(format, args...) + "\n")
}

// style is a colour or weight of text on a terminal (SGR parameters).
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// paint colours text where the terminal can show it.
func (s *screen) paint(st style, text string) string {
	if !s.color || st == plain || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// cell is one field of a table.
type cell struct {
	text  string
	style style
}

func text(s string) cell             { return cell{text: s} }
func number[N int | int64](n N) cell { return cell{text: fmt.Sprint(n)} }
func styled(st style, s string) cell { return cell{text: s, style: st} }
func millis(ms float64) cell         { return cell{text: formatMillis(ms)} }
func stateCell(state string) cell    { return cell{text: state, style: stateStyle(state)} }
func when(t time.Time) cell          { return cell{text: localTime(t)} }
func yesNo(yes bool, bad style) cell {
	return cell{text: word(yes, "yes", "no"), style: styleIf(!yes, bad)}
}
func word(yes bool, t, f string) string { return map[bool]string{true: t, false: f}[yes] }

func styleIf(yes bool, st style) style {
	if yes {
		return st
	}
	return plain
}

func stateStyle(state string) style {
	switch state {
	case "up", "online":
		return green
	case "down":
		return red
	case "unknown", "draining", "maintenance":
		return yellow
	}
	return plain
}

// table writes rows under a head, aligned in columns.
func (s *screen) table(head []string, rows [][]cell) {
	headCells := make([]cell, len(head))
	for i, h := range head {
		headCells[i] = cell{h, bold}
	}
	s.columns(append([][]cell{headCells}, rows...))
}

// facts writes "name  value" lines, aligned.
func (s *screen) facts(pairs ...[2]string) {
	rows := make([][]cell, len(pairs))
	for i, p := range pairs {
		rows[i] = []cell{{p[0], dim}, {p[1], plain}}
	}
	s.columns(rows)
}

func (s *screen) columns(rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(clean(c.text)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		indent := 0
		for i, c := range row {
			shown := clean(c.text)
			if i == len(row)-1 {
				for n, l := range s.wrap(shown, indent) {
					if n > 0 {
						b.WriteString("\n" + strings.Repeat(" ", indent))
					}
					b.WriteString(s.paint(c.style, l))
				}
				break
			}
			b.WriteString(s.paint(c.style, shown) + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(shown)+2))
			indent += widths[i] + 2
		}
		b.WriteByte('\n')
	}
	s.write(b.String())
}

// leastColumn is the narrowest column that text is wrapped into.
const leastColumn = 24

// wrap breaks the text of a last column that starts at indent into lines that
// fit the terminal, between words.
func (s *screen) wrap(text string, indent int) []string {
	room := s.width - indent
	if s.width == 0 || room < leastColumn || utf8.RuneCountInString(text) <= room {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// clean makes foreign text safe for a terminal: what would move the cursor or
// change colours is shown as a middle dot.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return printable(r)
	}, text)
}

// cleanLine is clean that keeps tabs, for lines of source code.
func cleanLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return printable(r)
	}, text)
}

// cleanText is clean that keeps lines and tabs.
func cleanText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return printable(r)
	}, text)
}

func printable(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		return '·'
	}
	return r
}

func localTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

func formatMillis(ms float64) string {
	switch {
	case ms == 0:
		return "0"
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}

func formatBytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// plural writes "1 node" or "3 nodes".
func plural[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if stem, ok := strings.CutSuffix(one, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	if strings.HasSuffix(one, "x") {
		return fmt.Sprintf("%d %ses", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}
