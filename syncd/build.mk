# syncd-core-srcs: the pure part of sa-nat64-syncd, also linked into tests, fuzzers and bench.
syncd-core-srcs :=
syncd-core-srcs += syncd/record.c syncd/seal.c syncd/box.c syncd/report.c syncd/feed_message.c syncd/answer.c syncd/reload.c
syncd-core-srcs += syncd/mirror.c syncd/window.c syncd/sent.c syncd/sendq.c syncd/pace.c syncd/peer.c syncd/wire.c
syncd-core-srcs += syncd/merge.c syncd/local.c syncd/nack.c syncd/snapshot.c syncd/digest.c
syncd-core-srcs += syncd/receive.c syncd/transmit.c syncd/replica.c
# syncd-srcs: its edges (sockets, clock, log, main), only in the program.
syncd-srcs :=
syncd-srcs += syncd/main.c syncd/loop.c syncd/group.c syncd/group_socket.c syncd/feed_server.c syncd/watch.c
