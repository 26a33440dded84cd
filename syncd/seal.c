/* See seal.h. */
#include "syncd/seal.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_generichash.h>
#include <string.h>

#define MAGIC "N64S"

/* Where the fields stand. */
enum {
	AT_MAGIC = 0,
	AT_MAJOR = 4,
	AT_MINOR = 5,
	AT_NODE = 6,
	AT_RESERVED = 7,
	AT_CLUSTER = 8,
	AT_INSTANCE = 12,
	AT_EPOCH = 16,
	AT_SEQ = 32,
};

#define AT_NONCE AT_EPOCH

_Static_assert(SEAL_HEADER - AT_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)(value >> 32));
	put32(at + 4, (uint32_t)value);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get64(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

/* BLAKE2b of the cluster's name and what the key is for, keyed with the file's key. */
static void derive(const uint8_t *file_key, const char *cluster, const char *purpose, uint8_t *out,
                   size_t len)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, file_key, SEAL_FILE_KEY_LEN, len);
	(void)crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose) + 1);
	(void)crypto_generichash_update(&state, (const uint8_t *)cluster, strlen(cluster));
	(void)crypto_generichash_final(&state, out, len);
}

void seal_keys_derive(const uint8_t file_key[SEAL_FILE_KEY_LEN], const char *cluster,
                      struct seal_keys *out)
{
	out->cluster = seal_name(cluster);
	derive(file_key, cluster, "sa-nat64 sync payload", out->payload, sizeof(out->payload));
	derive(file_key, cluster, "sa-nat64 sync digest", out->digest, sizeof(out->digest));
}

uint32_t seal_name(const char *name)
{
	uint8_t hash[crypto_generichash_BYTES];

	(void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)name, strlen(name), NULL, 0);
	return get32(hash);
}

enum seal_verdict seal_read(const struct seal_keys *keys, const uint8_t *datagram, size_t len,
                            struct seal_header *out)
{
	if (len < AT_RESERVED || memcmp(datagram + AT_MAGIC, MAGIC, 4) != 0)
		return SEAL_NOT_OURS;
	out->major = datagram[AT_MAJOR];
	out->node = datagram[AT_NODE];
	if (out->major != SEAL_MAJOR)
		return SEAL_OTHER_VERSION;
	if (len < SEAL_OVERHEAD || datagram[AT_RESERVED] != 0)
		return SEAL_NOT_OURS;
	if (get32(datagram + AT_CLUSTER) != keys->cluster)
		return SEAL_OTHER_CLUSTER;
	out->minor = datagram[AT_MINOR];
	out->instance = get32(datagram + AT_INSTANCE);
	memcpy(out->epoch, datagram + AT_EPOCH, SEAL_EPOCH_LEN);
	out->seq = get64(datagram + AT_SEQ);
	return SEAL_OK;
}

bool seal_open(const struct seal_keys *keys, const uint8_t *datagram, size_t len, uint8_t *payload)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(
		       payload, NULL, NULL, datagram + SEAL_HEADER, len - SEAL_HEADER, datagram,
		       SEAL_HEADER, datagram + AT_NONCE, keys->payload) == 0;
}

size_t seal_close(const struct seal_keys *keys, const struct seal_header *header,
                  const uint8_t *payload, size_t len, uint8_t *datagram)
{
	memcpy(datagram + AT_MAGIC, MAGIC, 4);
	datagram[AT_MAJOR] = SEAL_MAJOR;
	datagram[AT_MINOR] = header->minor;
	datagram[AT_NODE] = header->node;
	datagram[AT_RESERVED] = 0;
	put32(datagram + AT_CLUSTER, keys->cluster);
	put32(datagram + AT_INSTANCE, header->instance);
	memcpy(datagram + AT_EPOCH, header->epoch, SEAL_EPOCH_LEN);
	put64(datagram + AT_SEQ, header->seq);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(datagram + SEAL_HEADER, NULL, payload, len,
	                                                 datagram, SEAL_HEADER, NULL,
	                                                 datagram + AT_NONCE, keys->payload);
	return len + SEAL_OVERHEAD;
}
