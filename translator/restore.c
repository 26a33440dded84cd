/* Bindings and sessions that an earlier process left in memory (translator_memory): one pass over
 * each, without believing anything. What is not sealed was never whole; what is sealed may still
 * have no place in the present configuration.
 *
 * Static bindings are not restored but made again, at the same indices: they are the first ones of
 * the table, in the order of the configuration, and a configuration with others has another
 * fingerprint. So sessions find them by index and seal.
 */
#include "translator/core.h"

#include <sodium/crypto_generichash.h>
#include <string.h>

#define FINGERPRINT_LAYOUT 2 /* counted up with what a field of an entry means */

/* ---- shape ---- */

uint32_t restore_binding_capacity(const struct config_instance *config)
{
	uint32_t total = config->max_sessions;
	size_t i;

	for (i = 0; i < config->bib_count; i++)
		total += config->bib[i].count;
	return total;
}

void translator_memory_size(const struct config_instance *config, size_t *bindings,
                            size_t *sessions)
{
	*bindings = ((size_t)restore_binding_capacity(config) + 1) * sizeof(struct bib_entry);
	*sessions = ((size_t)config->max_sessions + 1) * sizeof(struct session);
}

static void add(crypto_generichash_state *hash, const void *data, size_t len)
{
	(void)crypto_generichash_update(hash, data, len);
}

/* Field by field, for structures have padding. */
static void add_bib(crypto_generichash_state *hash, const struct config_bib *row)
{
	const uint16_t ports[] = { row->port6, row->port4, row->count, row->proto };

	add(hash, &row->addr6, sizeof(row->addr6));
	add(hash, &row->addr4, sizeof(row->addr4));
	add(hash, ports, sizeof(ports));
}

void translator_memory_fingerprint(const struct config_instance *config, uint8_t fingerprint[16])
{
	const uint32_t shape[] = { FINGERPRINT_LAYOUT, sizeof(struct bib_entry),
		                   sizeof(struct session), config->max_sessions,
		                   (uint32_t)config->pool6_count };
	crypto_generichash_state hash;
	size_t i;

	(void)crypto_generichash_init(&hash, NULL, 0, 16);
	add(&hash, shape, sizeof(shape));
	for (i = 0; i < config->pool6_count; i++) {
		add(&hash, &config->pool6[i].prefix.addr, sizeof(config->pool6[i].prefix.addr));
		add(&hash, &config->pool6[i].prefix.len, sizeof(config->pool6[i].prefix.len));
	}
	for (i = 0; i < config->bib_count; i++)
		add_bib(&hash, &config->bib[i]);
	(void)crypto_generichash_final(&hash, fingerprint, 16);
}

/* ---- contents ---- */

static bool keep_binding(void *context, const struct bib_entry *entry)
{
	if (entry->flags == 0 &&
	    flow_claim(context, (enum l4_proto)entry->proto, entry->addr4, entry->port4))
		return true;
	session_log_refused_binding(context, entry);
	return false;
}

static uint64_t longest_us(const struct translator *t, enum l4_proto proto)
{
	uint64_t longest = flow_timer_us(t, TCP_TIMER_EST);

	if (proto != L4_TCP)
		return flow_idle_us(t, proto);
	if (flow_timer_us(t, TCP_TIMER_TRANS) > longest)
		longest = flow_timer_us(t, TCP_TIMER_TRANS);
	return flow_timer_us(t, TCP_TIMER_INIT) > longest ? flow_timer_us(t, TCP_TIMER_INIT)
	                                                  : longest;
}

static bool is_state_of(enum l4_proto proto, uint8_t state)
{
	return proto == L4_TCP ? state > TCP_STATE_NONE && state < TCP_STATES
	                       : state == TCP_STATE_NONE;
}

/* A session whose time is over is kept: it may have been carried by the fast path, and its timer
 * will tell. */
static bool keep_session(void *context, struct session *session)
{
	struct translator *t = context;
	enum l4_proto proto = bib_at(t->bib, session->bib)->proto;
	uint64_t end_us = t->now_us + longest_us(t, proto);

	if (!is_state_of(proto, session->state) || session->pool6 >= t->config->pool6_count ||
	    (proto == L4_ICMP && session->dport4) ||
	    admit_remote4(t, session->pool6, session->dst4) != VERDICT_OK) {
		session_log_refused_session(t, session);
		return false;
	}
	if (session->expires_us > end_us)
		session->expires_us = end_us;
	fast_restored(t, session);
	feed_restored(session);
	flow_count(t, session->bib, session->dst4);
	return true;
}

/* A process that is killed between a binding and its session leaves the binding alone. */
static uint32_t delete_lonely(struct translator *t)
{
	uint32_t cursor = 0, index, deleted = 0;

	while ((index = bib_next(t->bib, &cursor, UINT32_MAX))) {
		const struct bib_entry *entry = bib_at(t->bib, index);

		if (entry->session_count || entry->flags & BIB_STATIC)
			continue;
		flow_delete_binding(t, index, TCP_STATE_NONE);
		deleted++;
	}
	return deleted;
}

void restore_tables(struct translator *t)
{
	struct table_restored bindings = bib_table_restore(t->bib, keep_binding, t);
	struct table_restored sessions = session_table_restore(t->sessions, keep_session, t);
	uint32_t lonely = delete_lonely(t);

	session_log_restored(t);
	t->restored = (struct translator_restored){
		.sessions = sessions.kept,
		.bindings = bindings.kept - lonely,
		.torn = bindings.torn + sessions.torn,
		.refused = bindings.refused + sessions.refused + lonely,
	};
}
