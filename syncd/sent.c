#include "syncd/sent.h"

#include <stdlib.h>

struct datagram {
	uint64_t seq;
	uint64_t first; /* position of its first record, counted from the beginning of time */
	uint32_t count;
};

struct sent {
	uint64_t written; /* records ever */
	uint64_t closed;  /* of them in closed datagrams */
	uint32_t records[SENT_RECORDS];
	struct datagram datagrams[SENT_DATAGRAMS];
};

struct sent *sent_new(void)
{
	return calloc(1, sizeof(struct sent));
}

void sent_free(struct sent *sent)
{
	free(sent);
}

void sent_add(struct sent *sent, uint32_t index)
{
	sent->records[sent->written++ % SENT_RECORDS] = index;
}

void sent_close(struct sent *sent, uint64_t seq)
{
	sent->datagrams[seq % SENT_DATAGRAMS] = (struct datagram){
		.seq = seq,
		.first = sent->closed,
		.count = (uint32_t)(sent->written - sent->closed),
	};
	sent->closed = sent->written;
}

int sent_count(const struct sent *sent, uint64_t seq)
{
	const struct datagram *datagram = &sent->datagrams[seq % SENT_DATAGRAMS];

	if (seq == 0 || datagram->seq != seq || datagram->first + SENT_RECORDS < sent->written)
		return -1;
	return (int)datagram->count;
}

uint32_t sent_record(const struct sent *sent, uint64_t seq, int i)
{
	const struct datagram *datagram = &sent->datagrams[seq % SENT_DATAGRAMS];

	return sent->records[(datagram->first + (uint64_t)i) % SENT_RECORDS];
}

size_t sent_memory(const struct sent *sent)
{
	return sizeof(*sent);
}
