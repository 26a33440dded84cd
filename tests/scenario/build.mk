# Executable tests/scenario/NAME.sh: exit 0 passed, 77 skipped (last line says why), anything else failed.
scenarios :=
scenarios += demo
scenarios += 10-browse 20-throughput 30-path-mtu 31-large-datagrams 40-firewall 50-restart 51-reload 60-offload
scenarios += 70-static-binding 71-siit 72-hairpin 73-native-route 80-tcp-lifetime 81-timeouts 82-exhaustion
scenarios += 90-garbage 91-flood 92-privileges 93-start-errors
scenarios += 41-fast-firewall 42-fast-counters 52-fast-restart 53-fast-reload 74-fast-siit 83-fast-expiry 84-fast-full
scenarios += 94-fast-modes 54-state-file
scenarios += 43-fast-differential
scenarios += 76-probe 55-fd-store 47-fast-guard 56-run-full
scenarios += 44-fast-explain 45-fast-local-address 85-soak
scenarios += 100-replicate 101-replicate-loss 102-replicate-restart 103-replicate-partition 104-replicate-clock
scenarios += 105-replicate-strangers 106-replicate-config 107-takeover 108-three-boxes
scenarios += 46-fast-trace
scenarios += 95-syncd-start 96-syncd-link 97-syncd-feed
scenarios += 130-machine 131-systemd 132-systemd-config 133-systemd-health
scenarios += 115-frr
scenarios += 110-netns 111-netns-cut
