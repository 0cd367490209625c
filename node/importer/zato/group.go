package zato

import (
	"slices"
	"strings"
)

// noSecurity are the words for no credential at all.
func noSecurity(name string) bool {
	return slices.Contains([]string{"", "zato-no-security", "zato_none", "none", "null"}, strings.ToLower(name))
}

// byRBAC is the word that leaves it to roles who may call.
const byRBAC = "ZATO_SEC_USE_RBAC"

// groupAttributes says what becomes of the attributes of groups of credentials.
func groupAttributes() []attribute {
	return slices.Concat(
		mapped("security of the channels that name the group", "members"),
		noted(isSet, "there are no quotas of groups here", "quota_tier"),
		harmless("Zato's own number or bookkeeping", "group_id", "member_count", "type", "group_type"),
	)
}

// group finds the members of a group. It becomes no definition: the channels that
// name it name its members.
func (c *converter) group(j *job) {
	if j.spec["enabled"] == false {
		j.leave("", "it is not active, so it opens nothing")
		return
	}
	for _, name := range texts(j.o.attrs["members"]) {
		member := c.find(familySecurity, name)
		switch {
		case member == nil && c.credential(name) != "":
			member = &job{as: c.credential(name)}
		case member == nil:
			j.note("members", "%s is neither in the files nor here", shownName(name))
			continue
		case member.left():
			j.note("members", "%s was left out", shownName(name))
			continue
		}
		j.members = append(j.members, member)
	}
	if len(j.members) == 0 {
		j.leave("", "it has no member that is here")
		return
	}
	j.note("", "groups are no definitions here: the channels that name it name its members")
}

// credential returns the name of a credential of the cluster that is meant by a
// name that is not in the files; empty when there is none.
func (c *converter) credential(name string) string {
	clean := cleanName(name)
	if clean == "" || !c.exists("security", clean) {
		return ""
	}
	return clean
}
