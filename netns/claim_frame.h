/* The frames that ask a link whether somebody has an address, and what answers look like: ARP
 * probes (RFC 5227 section 2.1.1) and neighbour solicitations from the unspecified address (RFC
 * 4862 section 5.4). Pure.
 */
#ifndef SA_NAT64_NETNS_CLAIM_FRAME_H
#define SA_NAT64_NETNS_CLAIM_FRAME_H

#include "netns/plan.h"

#define CLAIM_FRAME_MAX 128

/* Write the question for the address, from the card with that MAC address. Returns its bytes. */
size_t claim_question(const struct net_address *address, const uint8_t mac[6],
                      uint8_t frame[CLAIM_FRAME_MAX]);

/* Whether a frame (len bytes, of a stranger) says that its sender has the address; *mac is who. */
bool claim_is_answer(const uint8_t *frame, size_t len, const struct net_address *address,
                     uint8_t mac[6]);

#endif
