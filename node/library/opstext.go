package library

import (
	"context"
	"net/url"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/render"
)

func textOps() map[string]work {
	return map[string]work{
		"template.render": templateRender,
		"url.encode":      urlEncode, "url.decode": urlDecode, "url.parse": urlParse,
		"form.parse": formParse, "form.format": formFormat,
	}
}

func templateRender(ctx context.Context, a *arguments) (any, error) {
	tmpl, mode := a.text("template"), a.oneOf("mode", "text", "html")
	o := render.Options{Strict: a.flag("strict", false)}
	var data any
	if raw, ok := a.get("data"); ok {
		data = a.any(raw)
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	if mode == "html" {
		return render.HTML(ctx, tmpl, data, o)
	}
	return render.Text(ctx, tmpl, data, o)
}

func urlEncode(_ context.Context, a *arguments) (any, error) {
	text, part := a.text("text"), a.oneOf("part", "query", "path")
	if err := a.done(); err != nil {
		return nil, err
	}
	if part == "path" {
		return url.PathEscape(text), nil
	}
	return url.QueryEscape(text), nil
}

func urlDecode(_ context.Context, a *arguments) (any, error) {
	text, part := a.text("text"), a.oneOf("part", "query", "path")
	if err := a.done(); err != nil {
		return nil, err
	}
	decode := url.QueryUnescape
	if part == "path" {
		decode = url.PathUnescape
	}
	out, err := decode(text)
	if err != nil || !utf8.ValidString(out) {
		return nil, fault.New("url.syntax", "the text has a wrong escape")
	}
	return out, nil
}

func urlParse(_ context.Context, a *arguments) (any, error) {
	text := a.text("url")
	if err := a.done(); err != nil {
		return nil, err
	}
	return ParseURL(text)
}

func formParse(_ context.Context, a *arguments) (any, error) {
	text := a.text("text")
	if err := a.done(); err != nil {
		return nil, err
	}
	return ParseForm(text)
}

func formFormat(_ context.Context, a *arguments) (any, error) {
	v := a.value("values")
	if err := a.done(); err != nil {
		return nil, err
	}
	return FormatForm(v)
}
