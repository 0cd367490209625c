package desktop

import (
	goruntime "runtime"

	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
)

// The commands that the window does itself; all others are the page's.
const (
	commandQuit = "quit"
	commandFull = "full"
)

// item is an entry of the menu; an empty one is a line.
type item struct {
	command string
	key     *keys.Accelerator
}

// menuItems are the menus and what is in them. What is a key of the page too is the
// same there.
func menuItems() []struct {
	title string
	items []item
} {
	ctrl, alt := keys.CmdOrCtrl, keys.OptionOrAlt
	return []struct {
		title string
		items []item
	}{
		{"file", []item{
			{"add", ctrl("n")},
			{"open", ctrl("o")},
			{"folder", keys.Combo("o", keys.CmdOrCtrlKey, keys.ShiftKey)},
			{},
			{"settings", ctrl(",")},
			{},
			{commandQuit, ctrl("q")},
		}},
		{"view", []item{
			{"find", ctrl("k")},
			{"switch", ctrl("j")},
			{"home", alt("home")},
			{"back", alt("left")},
			{"forward", alt("right")},
			{"reload", ctrl("r")},
			{},
			{"larger", ctrl("+")},
			{"smaller", ctrl("-")},
			{"normal", ctrl("0")},
			{commandFull, keys.Key("f11")},
			{},
			{"copyLink", keys.Combo("c", keys.CmdOrCtrlKey, keys.ShiftKey)},
		}},
		{"help", []item{{"keys", keys.Key("f1")}, {"about", nil}}},
	}
}

// makeMenu makes the menu in the page's language. do is called with the command chosen.
func makeMenu(s settings, do func(command string)) *menu.Menu {
	bar := menu.NewMenu()
	if goruntime.GOOS == "darwin" {
		bar.Append(menu.AppMenu())
	}
	for _, m := range menuItems() {
		sub := bar.AddSubmenu(s.text("window." + m.title))
		for _, one := range m.items {
			if one.command == "" {
				sub.AddSeparator()
				continue
			}
			sub.AddText(s.text("window."+one.command), one.key, func(*menu.CallbackData) { do(one.command) })
		}
	}
	if goruntime.GOOS == "darwin" {
		bar.Append(menu.EditMenu())
	}
	return bar
}
