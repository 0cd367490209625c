# Runs in the container: the life of the node's .rpm. This is no rpm system, so rpm is told
# not to look for what the package needs; its files and scripts are the real ones.
set -eu
. /proof/common.sh

rpm_() { quietly rpm --force-debian --nodeps "$@"; }

step "rpm -i"
rpm_ -i /proof/signalbox-*.rpm
grep -q "nothing runs yet" /tmp/output
node_starts_and_serves

step "an upgrade restarts the node, keeps settings and data"
echo SIGNALBOX_LOG_LEVEL=debug >>/etc/signalbox/environment
before=$(systemctl show -P MainPID signalbox)
rpm_ -U --force /proof/signalbox-*.rpm
is active systemctl is-active signalbox
[ "$(systemctl show -P MainPID signalbox)" != "$before" ]
grep -q '^SIGNALBOX_LOG_LEVEL=debug' /etc/signalbox/environment

step "rpm -e stops it and leaves its data"
rpm_ -e signalbox
is inactive systemctl is-active signalbox
[ ! -e /usr/bin/signalbox ]
[ ! -e /etc/systemd/system/multi-user.target.wants/signalbox.service ]
[ -d /var/lib/signalbox/keys ]
touch /proof/passed
