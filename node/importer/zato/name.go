package zato

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox.internal/odb"
)

// cleanName makes a name of ours of one of theirs: what may not stand in it
// becomes a dash. It is empty when nothing is left.
func cleanName(name string) string {
	var b strings.Builder
	for _, r := range odb.CleanName(name) {
		plain := unicode.IsLetter(r) || unicode.IsDigit(r)
		switch {
		case plain, b.Len() > 0 && (unicode.IsMark(r) || strings.ContainsRune(" ._-:()@+", r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := odb.CleanName(strings.TrimRight(b.String(), "- "))
	if utf8.RuneCountInString(out) > odb.MaxName {
		out = odb.CleanName(string([]rune(out)[:odb.MaxName-10])) + "-" + digest(name)
	}
	if odb.CheckName(out) != nil {
		return ""
	}
	return out
}

// digest is a short text that stands for a longer one.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:3])
}

// nameAll gives every object that becomes a definition its name. Names that need
// no cleaning keep theirs, whatever comes with them; among others that meet, one
// whose type comes first does. So a file gives the same names each time.
func (c *converter) nameAll() {
	order := slices.Clone(c.jobs)
	rank := func(j *job) int {
		if cleanName(j.o.name) == j.o.name {
			return int(j.o.typ.family)
		}
		return 100 + int(j.o.typ.family)
	}
	slices.SortStableFunc(order, func(a, b *job) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a.o.name, b.o.name))
	})
	taken := map[string]bool{}
	for _, j := range order {
		if kind := j.o.typ.kind; kind != "" && !j.left() {
			j.as = freeName(taken, kind, j.o)
			taken[kind+"/"+j.as] = true
		}
	}
}

// freeName finds a name for an object that no other has.
func freeName(taken map[string]bool, kind string, o *object) string {
	base := cleanName(o.name)
	if base == "" {
		base = o.typ.word + "-" + digest(o.name)
	}
	if !taken[kind+"/"+base] {
		return base
	}
	for _, suffix := range []string{o.typ.word, digest(o.name), digest(o.section + "/" + o.name)} {
		if name := cleanName(base + "-" + suffix); name != "" && !taken[kind+"/"+name] {
			return name
		}
	}
	return cleanName(o.typ.word + "-" + digest(o.name) + "-" + digest(place(o.file, o.line)))
}
