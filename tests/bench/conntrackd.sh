# shellcheck shell=bash
# Debian's conntrackd in FT-FW mode on the wire that our boxes use, sourced by sync.sh: what replication costs and
# takes elsewhere. The entries are TCP over IPv4, ESTABLISHED and without NAT: the smallest that it has.

# conntrackd_config BOX OWN-ADDRESS
conntrackd_config() {
	cat >"$lab_dir/conntrackd-$1.conf" <<-EOT
		Sync {
		    Mode FTFW {
		        ResendQueueSize 131072
		        PurgeTimeout 60
		        ACKWindowSize 300
		        DisableExternalCache Off
		    }
		    Multicast {
		        IPv4_address 225.0.0.50
		        Group 3780
		        IPv4_interface $2
		        Interface sync0
		        SndSocketBuffer 16777216
		        RcvSocketBuffer 16777216
		        Checksum on
		    }
		}
		General {
		    HashSize 65536
		    HashLimit 524288
		    LockFile $lab_dir/conntrackd-$1.lock
		    UNIX { Path $lab_dir/conntrackd-$1.ctl }
		    NetlinkBufferSize 16777216
		    NetlinkBufferSizeMaxGrowth 67108864
		    NetlinkEventsReliable On
		    Filter From Userspace {
		        Protocol Accept { TCP }
		    }
		}
	EOT
}

# conntrackd_start BOX: until it answers; its pid in lab_pid.
conntrackd_start() {
	lab_start "$1" "conntrackd-$1" conntrackd -C "$lab_dir/conntrackd-$1.conf"
	wait_for 10 conntrackd_ask "$1" -s || lab_fail_with_log "conntrackd-$1"
}

conntrackd_ask() { in_ns "$1" conntrackd -C "$lab_dir/conntrackd-$1.conf" "${@:2}"; }

# conntrackd_copies BOX: entries of the peer that it holds
conntrackd_copies() {
	conntrackd_ask "$1" -s cache | awk '/^cache:external/ { ours = 1 } ours && /active/ { print $NF; exit }'
}
conntrackd_has() { [ "$(conntrackd_copies "$1")" -ge "$2" ]; }

# conntrackd_entries COUNT: orders for conntrack --load-file
conntrackd_entries() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "-I -p tcp -s 10.%d.%d.%d -d 203.0.113.80 --sport %d --dport 443 --state ESTABLISHED" \
				" -u ASSURED,SEEN_REPLY -t 7200\n",
				1 + int(i / 65536), int(i / 256) % 256, i % 256, 1024 + i % 60000
	}'
}

# conntrackd_load_only: two loaders put what $lab_dir/entries.* says into a's kernel
conntrackd_load_only() {
	local part pids=()

	for part in "$lab_dir"/entries.a?; do
		in_ns a conntrack --load-file "$part" >/dev/null 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
}
