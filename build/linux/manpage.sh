#!/bin/sh
# Prints the manual page, with the commands as the program itself tells them:
#
#   build/linux/manpage.sh PROGRAM VERSION DATE
set -eu

program=$1 version=$2 date=$3

cat <<EOF
.TH SIGNALBOX 1 "$date" "Signalbox $version" "Signalbox"
.SH NAME
signalbox \\- integration appliance: a node, and the tool that administers a cluster
.SH SYNOPSIS
.B signalbox
.I COMMAND
.RI [ flags ]
.SH DESCRIPTION
Channels take messages in, services do the work, outgoing connections reach other
systems. Nodes that share one operational database form a cluster; every one of them
serves requests, the admin API and the user interface.
.PP
.B "signalbox help"
teaches the commands with examples;
.B "signalbox help"
.I COMMAND
goes deeper.
.PP
A cluster is found by
.BR \\-\\-url ,
else
.BR \\-\\-dir ,
else
.BR SIGNALBOX_URL ,
else
.BR SIGNALBOX_DIR ,
else the folder
.I signalbox-data
of the current folder.
.SH COMMANDS
EOF
# "Group:" begins a group of "  command   what it does".
"$program" help | awk '
	/^Flags of every command:/ { flags = 1; print ".SH OPTIONS" ; print ".nf"; next }
	flags && /^ / { gsub(/\\/, "\\\\"); gsub(/-/, "\\-"); print; next }
	flags { print ".fi"; exit }
	/^[A-Z][a-z ]*:$/ { group = $0; sub(/:$/, "", group); commands = group != "Usage" && group != "Examples"; if (commands) print ".SS " group; next }
	commands && /^  [a-z]/ {
		name = $1; $1 = ""; sub(/^ /, "")
		gsub(/-/, "\\-", name); gsub(/-/, "\\-")
		print ".TP"; print ".B " name; print
	}
'
cat <<'EOF'
.SH EXIT STATUS
0 done, 1 failed, 2 usage, 3 not found, 4 conflict (someone else changed it), 5 not
allowed, 6 cannot reach the cluster. A node that is to be started again ends with 75.
.SH FILES
.TP
.I /var/lib/signalbox
The folder of the service's node: node.toml, keys and data.
.TP
.I /etc/signalbox/environment
Settings from outside node.toml, for the service only.
.TP
.I /usr/share/doc/signalbox/INSTALL.txt
How to make or join a cluster, upgrade and remove.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
EOF
