package app

// ShellInfo says what the window around the page can do. A plain browser has no window
// of ours, and the page does with what a browser has.
type ShellInfo struct {
	Dialogs       bool `json:"dialogs" jsonschema:"files are opened and saved by the system's own dialogs"`
	Drop          bool `json:"drop" jsonschema:"the window reads what is dropped on it; the page need not"`
	Notifications bool `json:"notifications" jsonschema:"the system can show notifications"`
	GPU           bool `json:"gpu" jsonschema:"the use of the graphics processor can be set"`
}

// PickFiles asks the user for files to open.
type PickFiles struct {
	Title    string   `json:"title,omitempty"`
	Accept   []string `json:"accept,omitempty" jsonschema:"endings such as .yaml; none: any file"`
	Multiple bool     `json:"multiple,omitempty"`
	Folder   bool     `json:"folder,omitempty" jsonschema:"a folder instead of files: all that is in it is picked"`
}

// Picked is what the user picked or dropped; nothing when he thought better of it.
type Picked struct {
	Items   []PickedFile  `json:"items"`
	Skipped []SkippedFile `json:"skipped,omitempty" jsonschema:"what was left out, and why"`
	Root    string        `json:"root,omitempty" jsonschema:"name of the folder, when exactly one was given"`
}

// PickedFile is a file that the user picked or dropped. Its content can be read for an
// hour at /api/shell/files/{id}, and only what the user gave can be read so.
type PickedFile struct {
	ID   string `json:"id"`
	Name string `json:"name" jsonschema:"without its folder"`
	Path string `json:"path" jsonschema:"below the folder that was given, with /; the name of a file that was given itself"`
	Size int64  `json:"size"`
}

// SkippedFile is a file that was left out.
type SkippedFile struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// SaveFile asks the user where to save a file.
type SaveFile struct {
	Name  string `json:"name" jsonschema:"proposed name, without a folder"`
	Title string `json:"title,omitempty"`
}

// Saving is a file that is being saved: its bytes are sent to /api/shell/saves/{id}.
type Saving struct {
	ID string `json:"id"`
}

// Download asks the user where to save, and saves the answer of a request there. The
// bytes never come to the page.
type Download struct {
	Name    string  `json:"name" jsonschema:"proposed name, without a folder"`
	Title   string  `json:"title,omitempty"`
	Request Request `json:"request"`
}

// Request is a request below /api/clusters.
type Request struct {
	Method string `json:"method,omitempty" jsonschema:"GET when it is absent, or POST"`
	Path   string `json:"path" jsonschema:"begins with /api/clusters/"`
	Body   string `json:"body,omitempty" jsonschema:"JSON"`
}

// Saved says where a file was saved.
type Saved struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// ShellEvent is something that the window tells its page, once.
type ShellEvent struct {
	Type    ShellEventType `json:"type"`
	Command string         `json:"command,omitempty" jsonschema:"of the menu"`
	Link    string         `json:"link,omitempty" jsonschema:"a signalbox:// link that was opened"`
	Cluster string         `json:"cluster,omitempty" jsonschema:"id of the cluster whose notification was clicked"`
	Dropped *Picked        `json:"dropped,omitempty"`
}

// ShellEventType says what a window tells.
type ShellEventType string

// The types of events of a window.
const (
	ShellCommand ShellEventType = "command" // an item of the menu was chosen
	ShellLink    ShellEventType = "link"    // a link was opened
	ShellCluster ShellEventType = "cluster" // a notification was clicked
	ShellDrop    ShellEventType = "drop"    // files were dropped
)

// GPUPolicy says whether the page is drawn with the graphics processor.
type GPUPolicy string

// The policies. Without a graphics processor of its own a machine is fastest with never.
const (
	GPUNever    GPUPolicy = "never"
	GPUOnDemand GPUPolicy = "on-demand"
	GPUAlways   GPUPolicy = "always"
)

// WindowSettings is what the user sets of the window.
type WindowSettings struct {
	Notifications bool      `json:"notifications" jsonschema:"tell when a cluster goes down and when it comes back"`
	GPU           GPUPolicy `json:"gpu" jsonschema:"holds from the next start on"`
}

// ShellPage says how the page is, so that the window around it is the same, at the next
// start from its first moment on.
type ShellPage struct {
	Language string            `json:"language"`
	Dark     bool              `json:"dark"`
	Texts    map[string]string `json:"texts" jsonschema:"of the menu and of notifications, in the page's language"`
}

// Browse opens an address in the system's browser.
type Browse struct {
	URL string `json:"url" jsonschema:"https:// or http://"`
}

// CopyText puts a text on the clipboard, which a page in a window may not reach.
type CopyText struct {
	Text string `json:"text"`
}

// PageFault is a mistake of the page, for a report that stays on this machine.
type PageFault struct {
	Name  string `json:"name" jsonschema:"of the error, such as TypeError; never its message, which may quote what it was given"`
	Stack string `json:"stack" jsonschema:"names of functions, files and lines"`
}
