package quickjs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"signalbox.internal/node/sdk/typescript"
)

// bundleSDK makes one line of script of @signalbox/sdk, from the file entry: it
// sets the global __signalbox, on which stubs and engine call.
func bundleSDK(entry string) (string, error) {
	files := typescript.Files()
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Write: false, Outfile: "sdk.js", AbsWorkingDir: "/",
		Format: api.FormatIIFE, GlobalName: "__signalbox", Platform: api.PlatformNeutral, Target: api.ES2023,
		TsconfigRaw: "{}", MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, LegalComments: api.LegalCommentsNone,
		Banner: map[string]string{"js": `"use strict";`}, LogLevel: api.LogLevelSilent,
		Plugins: []api.Plugin{{Name: "sdk", Setup: func(p api.PluginBuild) {
			p.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
				name := a.Path
				if a.Kind != api.ResolveEntryPoint {
					name = path.Join(path.Dir(a.Importer), a.Path) + ".ts"
				}
				return api.OnResolveResult{Path: name, Namespace: namespaceFiles}, nil
			})
			p.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
				text, err := fs.ReadFile(files, a.Path)
				if err != nil {
					return api.OnLoadResult{}, fmt.Errorf("read %s: %w", a.Path, err)
				}
				contents := string(text)
				return api.OnLoadResult{Contents: &contents, Loader: api.LoaderTS}, nil
			})
		}}},
	})
	if len(result.Errors) > 0 {
		return "", buildError(sdkModule, messagesOf(result.Errors)...)
	}
	code := strings.ReplaceAll(strings.TrimSpace(string(result.OutputFiles[0].Contents)), `"use strict";`+"\n", `"use strict";`)
	if strings.Contains(code, "\n") {
		return "", errors.New("the SDK's script has more than one line")
	}
	return code, nil
}
