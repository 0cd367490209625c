package library

import "context"

func csvOps() map[string]work {
	return map[string]work{"csv.parse": csvParse, "csv.format": csvFormat}
}

func csvParse(_ context.Context, a *arguments) (any, error) {
	data, isText := a.data()
	o := CSVOptions{
		Delimiter: a.char("delimiter"), NoHeader: !a.flag("header", true), Columns: a.texts("columns"),
		Comment: a.char("comment"), LazyQuotes: a.flag("lazyQuotes", false), Trim: a.flag("trim", false),
		Charset: a.textOr("charset", ""),
	}
	if isText && o.Charset != "" {
		a.wrong("charset", "is only for base64: text has none")
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	return ParseCSV(data, o)
}

func csvFormat(_ context.Context, a *arguments) (any, error) {
	rows := a.list("rows")
	o := CSVFormat{
		Delimiter: a.char("delimiter"), NoHeader: !a.flag("header", true), Columns: a.texts("columns"),
		CRLF: a.flag("crlf", false),
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	out, err := FormatCSV(rows, o)
	return string(out), err
}
