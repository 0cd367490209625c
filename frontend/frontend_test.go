package frontend_test

import (
	"io/fs"
	"regexp"
	"testing"

	"signalbox.internal/frontend"
)

// TestFiles holds the pages to the content security policy: nothing inline, nothing from outside.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := frontend.Files()
	if err != nil {
		t.Fatal(err)
	}
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for name, forbidden := range map[string]string{
		"a script in the page":    `<script(>|[^>]*[^/"]>[^<])`,
		"a style in the page":     `<style|style=`,
		"an address elsewhere":    `(src|href)="(https?:)?//`,
		"a handler in an element": `\son[a-z]+=`,
	} {
		if found := regexp.MustCompile(forbidden).Find(page); found != nil {
			t.Errorf("index.html has %s: %s", name, found)
		}
	}
	if !frontend.Built {
		return
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="\./([^"]+)"`).FindAllSubmatch(page, -1) {
		if _, err := fs.Stat(files, string(m[1])); err != nil {
			t.Errorf("index.html names a file that is not there: %v", err)
		}
	}
}
