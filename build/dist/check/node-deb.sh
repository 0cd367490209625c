# Runs in the container: the life of the node's .deb.
set -eu
. /proof/common.sh

install_it() { quietly apt-get install -y --no-install-recommends --reinstall --allow-downgrades /proof/signalbox_*.deb; }

step "apt install"
install_it
grep -q "nothing runs yet" /tmp/output
node_starts_and_serves

step "completion, manual page, licences"
bash -c '. /usr/share/bash-completion/completions/signalbox && complete -p signalbox' >/dev/null
grep -q compdef /usr/share/zsh/vendor-completions/_signalbox
[ -s /usr/share/fish/vendor_completions.d/signalbox.fish ]
dpkg -L signalbox | grep -q /usr/share/man/man1/signalbox.1.gz # minimal Debians leave manuals out

step "an upgrade restarts the node, keeps settings and data"
echo SIGNALBOX_LOG_LEVEL=debug >>/etc/signalbox/environment
before=$(systemctl show -P MainPID signalbox)
install_it
is active systemctl is-active signalbox
[ "$(systemctl show -P MainPID signalbox)" != "$before" ]
journalctl -u signalbox -o cat | grep -q draining
grep -q '^SIGNALBOX_LOG_LEVEL=debug' /etc/signalbox/environment
quietly signalbox invoke hello.hello -d '{"name":"Ada"}' --dir /var/lib/signalbox

step "an upgrade does not start what an administrator has stopped"
systemctl stop signalbox
install_it
is inactive systemctl is-active signalbox
systemctl start signalbox

step "a dead node comes back"
before=$(systemctl show -P MainPID signalbox)
kill -9 "$before"
for _ in $(seq 100); do
	[ "$(systemctl is-active signalbox)" = active ] && [ "$(systemctl show -P MainPID signalbox)" != "$before" ] && break
	sleep 0.2
done
is '{"pong":true}' curl -fsS http://127.0.0.1:11223/signalbox/ping

step "remove stops it and leaves its data; installed again it is enabled as before"
quietly apt-get remove -y signalbox
is inactive systemctl is-active signalbox
[ ! -e /usr/bin/signalbox ]
[ -d /var/lib/signalbox/keys ]
grep -q '^SIGNALBOX_LOG_LEVEL=debug' /etc/signalbox/environment
install_it
is enabled systemctl is-enabled signalbox
systemctl start signalbox
quietly signalbox invoke hello.hello -d '{"name":"Ada"}' --dir /var/lib/signalbox

step "purge leaves nothing but the user"
quietly apt-get purge -y signalbox
is inactive systemctl is-active signalbox
left=$(find /etc /usr /var -name '*signalbox*' ! -path '/var/log/*' ! -path '/var/lib/systemd/*' ! -path '/var/cache/*')
[ -z "$left" ] || {
	echo "purge left: $left"
	exit 1
}
getent passwd signalbox >/dev/null
touch /proof/passed
