# What all programs stand on; linked from an archive, so each program gets only what it calls.
lib-srcs := \
	lib/version.c lib/utf8.c lib/address.c lib/rfc6052.c \
	lib/config.c lib/config_section.c lib/config_reader.c lib/config_keys.c lib/config_value.c lib/config_text.c \
	lib/config_address.c lib/config_mapping.c lib/config_check.c lib/config_overlap.c lib/config_print.c \
	lib/config_hash.c lib/running_config.c lib/sync_key.c \
	lib/log.c lib/log_event.c lib/session_event.c lib/arena.c lib/control_socket.c lib/control_server.c lib/control_reply.c lib/control_rights.c lib/run_directory.c \
	lib/unix_listener.c lib/listen_address.c lib/collector_address.c lib/privileges.c lib/bfd_peers.c lib/node_name.c lib/daemon_options.c lib/daemon_signals.c
