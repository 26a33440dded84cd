#!/bin/bash
# Random and mutilated packets on the device: every one is dropped or translated, none disturbs the translator.
. "$(dirname "$0")/lib.sh"

scenario_open
network
configure
translator_start nat64
nat64=$lab_pid
translator_start siit
siit=$lab_pid
lab_web server "$server4:80"

fetch() { in_ns client curl -sS --max-time 30 -o /dev/null "$@"; }
packets() { in_ns gw "$here/garbage.py" --seed "${SEED:-1}" --count 20000 "$@"; }

check "20,000 packets into nat64" packets nat64 64:ff9b:1::cb00:7150 198.51.100.1
check "20,000 packets into siit" packets siit 2001:db8:46::cb00:7150 198.51.100.100
check "nat64 still translates" fetch "http://[$server6]/who"
check "siit still translates" fetch --interface 2001:db8:1::10 "http://[2001:db8:46::cb00:7150]/who"
check "both are the same processes as before" kill -0 "$nat64" "$siit"
check "malformed packets were counted" test "$(dropped malformed-ipv4)" -gt 0
