# What the checks in the container share.
# shellcheck shell=sh
export DEBIAN_FRONTEND=noninteractive
cd /

# step says what the following commands are to show.
step() { echo "    $*"; }

# fails is for what must not work.
fails() {
	if "$@" >/tmp/output 2>&1; then
		echo "this should not work: $*"
		cat /tmp/output
		return 1
	fi
}

# quietly shows what a command says only when it does not work.
quietly() {
	"$@" >/tmp/output 2>&1 || {
		echo "this does not work: $*"
		cat /tmp/output
		return 1
	}
}

# is compares what a command prints with $1.
is() {
	want=$1
	shift
	got=$("$@" 2>&1) || true
	[ "$got" = "$want" ] || {
		echo "$* says \"$got\", want \"$want\""
		return 1
	}
}

# node makes, uses and looks at the service's node. It is the same for both kinds of packages.
node_starts_and_serves() {
	step "nothing runs after the installation, and without a cluster nothing starts or is tried again"
	is inactive systemctl is-active signalbox
	is disabled systemctl is-enabled signalbox
	is "signalbox signalbox 700" stat -c "%U %G %a" /var/lib/signalbox
	is "root root 600" stat -c "%U %G %a" /etc/signalbox/environment
	fails systemctl start signalbox
	is inactive systemctl is-active signalbox
	quietly systemd-analyze verify --man=no /usr/lib/systemd/system/signalbox.service

	step "init as INSTALL.txt has it, enable --now, ping"
	quietly runuser -u signalbox -- signalbox init --dir /var/lib/signalbox
	quietly systemctl enable --now signalbox
	is active systemctl is-active signalbox
	is '{"pong":true}' curl -fsS http://127.0.0.1:11223/signalbox/ping

	step "the user interface on the control port"
	curl -fsSk https://127.0.0.1:8183/ >/tmp/page || return 1
	grep -q '<div id="root">' /tmp/page || { head -c 500 /tmp/page; return 1; }

	step "status, a service deployed and called, all within what the unit permits"
	quietly signalbox status --dir /var/lib/signalbox
	quietly signalbox new /tmp/hello
	quietly signalbox deploy /tmp/hello --wait --dir /var/lib/signalbox
	quietly signalbox invoke hello.hello -d '{"name":"Ada"}' --dir /var/lib/signalbox
	signalbox token create --dir /var/lib/signalbox -o json >/tmp/token
	systemd-analyze security --no-pager signalbox.service | tail -n 1 | sed 's/^[^a-zA-Z]*/        /'
}
