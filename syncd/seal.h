/* The datagram of proto/SYNC.md section 3: its header, and the seal around its payload. Pure.
 *
 * XChaCha20-Poly1305 (libsodium), nonce = epoch and sequence number out of the header, the whole
 * header authenticated. Epoch and number never repeat together, so neither does a nonce; keeping
 * that is up to who numbers (replica.h). Nothing here allocates.
 */
#ifndef SA_NAT64_SYNCD_SEAL_H
#define SA_NAT64_SYNCD_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_MAJOR        1
#define SEAL_MINOR        0
#define SEAL_HEADER       40
#define SEAL_TAG          16
#define SEAL_OVERHEAD     (SEAL_HEADER + SEAL_TAG) /* of each datagram, besides its payload */
#define SEAL_EPOCH_LEN    16
#define SEAL_FILE_KEY_LEN 32

/* What the key file and the cluster's name give, the same on every box. */
struct seal_keys {
	uint32_t cluster;    /* as it stands in the header */
	uint8_t payload[32]; /* seals datagrams */
	uint8_t digest[16];  /* for struct replica_config */
};

void seal_keys_derive(const uint8_t file_key[SEAL_FILE_KEY_LEN], const char *cluster,
                      struct seal_keys *out);

/* What stands in the header for the name of an instance or a cluster. */
uint32_t seal_name(const char *name);

struct seal_header {
	uint8_t major; /* read only; SEAL_MAJOR is written */
	uint8_t minor;
	uint8_t node;
	uint32_t instance;
	uint8_t epoch[SEAL_EPOCH_LEN];
	uint64_t seq;
};

enum seal_verdict {
	SEAL_OK,
	SEAL_NOT_OURS,      /* too short, no magic, or a reserved byte is set */
	SEAL_OTHER_VERSION, /* another major version */
	SEAL_OTHER_CLUSTER,
};

/* Read the header of a datagram of len bytes. Nothing of it is to be believed before seal_open().
 * *out is filled for SEAL_OK; for SEAL_OTHER_VERSION only major and node. */
enum seal_verdict seal_read(const struct seal_keys *keys, const uint8_t *datagram, size_t len,
                            struct seal_header *out);

/* Open what seal_read() called SEAL_OK: SEAL_OVERHEAD bytes fewer into payload. False: it was not
 * sealed under this key, or header or contents were changed; payload is undefined then. */
bool seal_open(const struct seal_keys *keys, const uint8_t *datagram, size_t len, uint8_t *payload);

/* Write header and sealed payload to datagram: len + SEAL_OVERHEAD bytes, which is returned. */
size_t seal_close(const struct seal_keys *keys, const struct seal_header *header,
                  const uint8_t *payload, size_t len, uint8_t *datagram);

#endif
