# What all programs stand on; linked from an archive, so each program gets only what it calls.
lib-srcs := \
	lib/version.c lib/address.c \
	lib/log.c lib/control_socket.c lib/control_server.c
