#include "translator/fastpath.h"

#include "lib/log.h"
#include "translator/fast_trace.h"
#include "translator/fd_store.h"
#include "translator/fastpath_abi.h"
#include "translator/fastpath_mappings.h"
#include "translator/fastpath_prove.h"
#include "translator/fastpath_takeover.h"
#include "translator/loop.h"
#include "translator/fastpath.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <net/if.h>
#include <netlink/route/qdisc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PIN_ROOT     "/sys/fs/bpf"
#define MAPPINGS_MAX 65536 /* stateless: address pairs remembered at once */
/* Portions of flows that are looked through after a restart: before the first packet, and then in
 * every turn; a portion takes half a millisecond. */
#define PORTIONS_FIRST    80
#define PORTIONS_PER_TICK 12
#define FILTER_HANDLE     1
#define FILTER_PRIORITY   1

struct fastpath {
	struct fastpath_bpf *skeleton;
	int ifindex;
	uint32_t program_id;
	struct fast_trace *trace;
	struct takeover left;      /* by an earlier process, until it is taken over */
	struct prove *prove;       /* NULL: all of it was looked through */
	uint64_t *stamps;          /* mapped */
	uint32_t capacity;         /* highest index */
	struct mappings *mappings; /* NULL: stateful */
	uint8_t ident_key[crypto_shorthash_KEYBYTES];
	int processors;
	struct fastpath_counters *counters; /* one for each processor */
};

/* ---- loading ---- */

static int no_print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static struct bpf_tc_opts *filter_of(struct bpf_tc_opts *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->sz = sizeof(*opts);
	opts->handle = FILTER_HANDLE;
	opts->priority = FILTER_PRIORITY;
	return opts;
}

static struct bpf_tc_hook *hook_of(struct bpf_tc_hook *hook, int ifindex)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = ifindex;
	hook->attach_point = BPF_TC_EGRESS;
	return hook;
}

/* The program on the device, 0 when there is none. */
static uint32_t program_on(int ifindex)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;

	if (bpf_tc_query(hook_of(&hook, ifindex), filter_of(&opts)) < 0)
		return 0;
	return opts.prog_id;
}

static void size_maps(struct fastpath *fastpath, const char *tun, const struct takeover_kept *kept)
{
	const struct fastpath_bpf *skeleton = fastpath->skeleton;

	(void)bpf_map__set_max_entries(skeleton->maps.flows6, fastpath->capacity);
	(void)bpf_map__set_max_entries(skeleton->maps.flows4, fastpath->capacity);
	(void)bpf_map__set_max_entries(skeleton->maps.stamps, fastpath->capacity + 1);
	if (takeover_maps(&fastpath->left, program_on(fastpath->ifindex), kept,
	                  skeleton->maps.flows6, skeleton->maps.flows4,
	                  skeleton->maps.stamps) == -EPROTO)
		log_notice("the fast path on %s is of a version with another layout of its maps: "
		           "its flows are dropped, not taken over",
		           tun);
}

static int map6(const struct fastpath *fastpath)
{
	return bpf_map__fd(fastpath->skeleton->maps.flows6);
}

static int map4(const struct fastpath *fastpath)
{
	return bpf_map__fd(fastpath->skeleton->maps.flows4);
}

static int map_stamps(struct fastpath *fastpath)
{
	size_t len = ((size_t)fastpath->capacity + 1) * sizeof(uint64_t);
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
	                    bpf_map__fd(fastpath->skeleton->maps.stamps), 0);

	if (memory == MAP_FAILED)
		return -errno;
	fastpath->stamps = memory;
	return 0;
}

static int find_program_id(struct fastpath *fastpath)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(fastpath->skeleton->progs.fastpath), &info,
	                           &len) < 0)
		return -errno;
	fastpath->program_id = info.id;
	return 0;
}

static int write_settings(struct fastpath *fastpath, const struct config_instance *config)
{
	struct fastpath_settings settings = {
		.layout = FASTPATH_LAYOUT,
		.mtu4 = config->mtu4,
		.mtu6 = config->mtu6,
		.lowest_ipv6_mtu = config->lowest_ipv6_mtu,
		.override_tos = config->override_tos,
		.zeroize_traffic_class = config->zeroize_traffic_class,
		.inbound_refresh = config->inbound_refresh,
		.stateless = fastpath->mappings != NULL,
		.trace = fast_trace_is_on(fastpath->trace),
	};
	uint32_t zero = 0;

	randombytes_buf(settings.ident_round, sizeof(settings.ident_round));
	return bpf_map_update_elem(bpf_map__fd(fastpath->skeleton->maps.settings), &zero, &settings,
	                           BPF_ANY);
}

bool fastpath_is_attached(const struct fastpath *fastpath)
{
	return program_on(fastpath->ifindex) == fastpath->program_id;
}

/* In the place of clsact there may be the older ingress, which takes a filter for egress as well,
 * but never asks it. */
static bool has_other_qdisc(int ifindex)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_cache *cache = NULL;
	struct rtnl_qdisc *qdisc = NULL;
	const char *kind = NULL;
	bool is_other;

	if (sock && nl_connect(sock, NETLINK_ROUTE) >= 0 &&
	    rtnl_qdisc_alloc_cache(sock, &cache) >= 0)
		qdisc = rtnl_qdisc_get_by_parent(cache, ifindex, TC_H_CLSACT);
	if (qdisc)
		kind = rtnl_tc_get_kind(TC_CAST(qdisc));
	is_other = kind && strcmp(kind, "clsact") != 0;
	rtnl_qdisc_put(qdisc);
	nl_cache_free(cache);
	nl_socket_free(sock);
	return is_other;
}

const char *fastpath_explain_attach(int error)
{
	return error == -EEXIST ? "another qdisc is where clsact would be (tc qdisc show)"
	                        : strerror(-error);
}

int fastpath_attach(struct fastpath *fastpath)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
	int error = bpf_tc_hook_create(hook_of(&hook, fastpath->ifindex));

	if (error < 0 && error != -EEXIST)
		return error;
	if (has_other_qdisc(fastpath->ifindex))
		return -EEXIST;
	filter_of(&opts)->prog_fd = bpf_program__fd(fastpath->skeleton->progs.fastpath);
	opts.flags = BPF_TC_F_REPLACE;
	return bpf_tc_attach(&hook, &opts);
}

static void pin(const char *directory, const char *name, int fd)
{
	char path[256];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return;
	(void)unlink(path);
	if (bpf_obj_pin(fd, path) < 0)
		log_warning("cannot pin %s: %s", path, strerror(errno));
}

/* For people and their tools; nothing depends on it. */
static void pin_all(const struct fastpath *fastpath, const char *instance)
{
	const struct fastpath_bpf *skeleton = fastpath->skeleton;
	char directory[256];
	struct statfs fs;

	if (statfs(PIN_ROOT, &fs) < 0 || fs.f_type != BPF_FS_MAGIC) {
		log_info("nothing is pinned, for there is no BPF file system at " PIN_ROOT);
		return;
	}
	(void)mkdir(PIN_ROOT "/sa-nat64", 0700);
	(void)snprintf(directory, sizeof(directory), PIN_ROOT "/sa-nat64/%s", instance);
	(void)mkdir(directory, 0700);
	pin(directory, "program", bpf_program__fd(skeleton->progs.fastpath));
	pin(directory, "flows6", bpf_map__fd(skeleton->maps.flows6));
	pin(directory, "flows4", bpf_map__fd(skeleton->maps.flows4));
	pin(directory, "stamps", bpf_map__fd(skeleton->maps.stamps));
	pin(directory, "settings", bpf_map__fd(skeleton->maps.settings));
	pin(directory, "counters", bpf_map__fd(skeleton->maps.counters));
}

static int load(struct fastpath *fastpath, const struct config_instance *config,
                const struct takeover_kept *kept, const char **step)
{
	int error;

	*step = "open the program";
	fastpath->skeleton = fastpath_bpf__open();
	if (!fastpath->skeleton)
		return -errno;
	size_maps(fastpath, config->tun, kept);
	*step = "load the program into the kernel";
	error = fastpath_bpf__load(fastpath->skeleton);
	if (error < 0)
		return error;
	*step = "set up its maps";
	error = map_stamps(fastpath);
	if (error == 0)
		error = find_program_id(fastpath);
	if (error == 0)
		error = fast_trace_new(fastpath->skeleton, &fastpath->trace);
	if (error == 0)
		error = write_settings(fastpath, config);
	if (error < 0)
		return error;
	if (fastpath->mappings)
		mappings_use(fastpath->mappings, map6(fastpath), map4(fastpath), fastpath->stamps);
	*step = "attach it to the device";
	return fastpath_attach(fastpath);
}

/* ---- between two processes ---- */

#define KEPT_PROGRAM "program"

static const char *const kept_maps[TAKEOVER_MAPS] = { "flows6", "flows4", "stamps", "settings" };

static void take_kept(struct fd_store *store, struct takeover_kept *kept)
{
	kept->program = fd_store_take(store, KEPT_PROGRAM);
	for (int i = 0; i < TAKEOVER_MAPS; i++)
		kept->maps[i] = fd_store_take(store, kept_maps[i]);
}

static void close_kept(const struct takeover_kept *kept)
{
	if (kept->program >= 0)
		(void)close(kept->program);
	for (int i = 0; i < TAKEOVER_MAPS; i++)
		if (kept->maps[i] >= 0)
			(void)close(kept->maps[i]);
}

/* In the place of what is there. A manager that polls maps would drop them at once. */
static void keep_one(const char *name, int fd)
{
	fd_store_drop(name);
	(void)fd_store_keep(name, fd, FD_STORE_NO_POLL);
}

static void keep_all(const struct fastpath *fastpath)
{
	const struct fastpath_bpf *skeleton = fastpath->skeleton;

	keep_one(KEPT_PROGRAM, bpf_program__fd(skeleton->progs.fastpath));
	for (int i = 0; i < TAKEOVER_MAPS; i++)
		keep_one(kept_maps[i],
		         bpf_map__fd(bpf_object__find_map_by_name(skeleton->obj, kept_maps[i])));
}

int fastpath_open(const struct config_instance *config, struct fd_store *store,
                  struct fastpath **out, char *why, size_t size)
{
	struct takeover_kept kept;
	struct fastpath *fastpath = calloc(1, sizeof(*fastpath));
	bool is_stateless = config->mode == CONFIG_MODE_SIIT;
	const char *step = "allocate memory";
	int error = -ENOMEM;

	(void)libbpf_set_print(no_print);
	take_kept(store, &kept);
	if (!fastpath)
		goto fail;
	takeover_init(&fastpath->left);
	fastpath->ifindex = (int)if_nametoindex(config->tun);
	fastpath->capacity = is_stateless ? MAPPINGS_MAX : config->max_sessions;
	fastpath->processors = libbpf_num_possible_cpus();
	randombytes_buf(fastpath->ident_key, sizeof(fastpath->ident_key));
	fastpath->counters = calloc((size_t)fastpath->processors, sizeof(*fastpath->counters));
	if (is_stateless)
		fastpath->mappings = mappings_new(fastpath->capacity);
	if (!fastpath->counters || (is_stateless && !fastpath->mappings))
		goto fail;
	error = load(fastpath, config, &kept, &step);
	if (error < 0)
		goto fail;
	close_kept(&kept);
	keep_all(fastpath);
	pin_all(fastpath, config->name);
	*out = fastpath;
	return 0;
fail:
	close_kept(&kept);
	(void)snprintf(why, size, "cannot %s: %s", step, fastpath_explain_attach(error));
	fastpath_close(fastpath);
	return error;
}

void fastpath_close(struct fastpath *fastpath)
{
	if (!fastpath)
		return;
	if (fastpath->stamps)
		(void)munmap(fastpath->stamps, ((size_t)fastpath->capacity + 1) * sizeof(uint64_t));
	takeover_fini(&fastpath->left);
	fast_trace_free(fastpath->trace);
	fastpath_bpf__destroy(fastpath->skeleton);
	mappings_free(fastpath->mappings);
	free(fastpath->counters);
	free(fastpath);
}

struct fast_trace *fastpath_trace(const struct fastpath *fastpath)
{
	return fastpath ? fastpath->trace : NULL;
}

void fastpath_detach(const char *tun)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;

	(void)libbpf_set_print(no_print);
	(void)bpf_tc_detach(hook_of(&hook, (int)if_nametoindex(tun)), filter_of(&opts));
}

/* ---- flows ---- */

static uint8_t proto6_of(enum l4_proto proto)
{
	if (proto == L4_ICMP)
		return IPPROTO_ICMPV6;
	return proto == L4_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

/* For ICMP both ports are the identifier. */
static struct fastpath_key6 key6_of(const struct translator_flow *flow)
{
	struct fastpath_key6 key = { .proto = proto6_of(flow->proto) };

	memcpy(key.src, &flow->host6, 16);
	memcpy(key.dst, &flow->remote6, 16);
	key.src_port = htons(flow->host_port);
	key.dst_port = htons(flow->proto == L4_ICMP ? flow->host_port : flow->remote_port);
	return key;
}

static struct fastpath_key4 key4_of(const struct translator_flow *flow)
{
	return (struct fastpath_key4){
		.src = htonl(flow->remote4),
		.dst = htonl(flow->pool4),
		.src_port = htons(flow->proto == L4_ICMP ? flow->pool4_port : flow->remote_port),
		.dst_port = htons(flow->pool4_port),
		.proto = flow->proto == L4_ICMP ? IPPROTO_ICMP : proto6_of(flow->proto),
	};
}

/* Identifications never repeat soon between two hosts: the counter is theirs. */
static void choose_ident(const struct fastpath *fastpath, uint8_t proto, struct fastpath_to4 *to)
{
	uint32_t pair[3] = { to->src, to->dst, proto };
	uint64_t hash;

	(void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)pair, sizeof(pair),
	                       fastpath->ident_key);
	to->bucket = (uint16_t)(hash % FASTPATH_IDENT_BUCKETS);
	to->ident = (uint16_t)(hash >> 48);
}

static int install(void *context, uint32_t index, const struct translator_flow *flow)
{
	struct fastpath *fastpath = context;
	struct fastpath_key6 key6 = key6_of(flow);
	struct fastpath_key4 key4 = key4_of(flow);
	struct fastpath_to4 to4 = { .src = key4.dst,
		                    .dst = key4.src,
		                    .src_port = key4.dst_port,
		                    .dst_port = key4.src_port,
		                    .index = index };
	struct fastpath_to6 to6 = { .src_port = key6.dst_port,
		                    .dst_port = key6.src_port,
		                    .index = index };

	if (index > fastpath->capacity)
		return -E2BIG;
	choose_ident(fastpath, key6.proto, &to4);
	memcpy(to6.src, key6.dst, 16);
	memcpy(to6.dst, key6.src, 16);
	fastpath->stamps[index] = 0;
	if (bpf_map_update_elem(map4(fastpath), &key4, &to6, BPF_ANY) < 0)
		return -errno;
	if (bpf_map_update_elem(map6(fastpath), &key6, &to4, BPF_ANY) == 0)
		return 0;
	(void)bpf_map_delete_elem(map4(fastpath), &key4);
	return -ENOSPC;
}

static void remove_flow(void *context, const struct translator_flow *flow)
{
	struct fastpath *fastpath = context;
	struct fastpath_key6 key6 = key6_of(flow);
	struct fastpath_key4 key4 = key4_of(flow);

	(void)bpf_map_delete_elem(map6(fastpath), &key6);
	(void)bpf_map_delete_elem(map4(fastpath), &key4);
}

static uint64_t last_used(void *context, uint32_t index)
{
	const struct fastpath *fastpath = context;
	uint64_t seconds = __atomic_load_n(&fastpath->stamps[index], __ATOMIC_RELAXED);

	return seconds ? (seconds + 1) * 1000000 : 0;
}

static void read_counters(void *context, uint64_t packets[2], uint64_t bytes[2])
{
	const struct fastpath *fastpath = context;
	uint32_t zero = 0;
	int cpu, direction;

	if (bpf_map_lookup_elem(bpf_map__fd(fastpath->skeleton->maps.counters), &zero,
	                        fastpath->counters) < 0)
		return;
	for (cpu = 0; cpu < fastpath->processors; cpu++)
		for (direction = 0; direction < FASTPATH_DIRECTIONS; direction++) {
			packets[direction] += fastpath->counters[cpu].packets[direction];
			bytes[direction] += fastpath->counters[cpu].bytes[direction];
		}
}

/* ---- stateless mappings ---- */

static void learn64(void *context, const struct in6_addr *src6, const struct in6_addr *dst6,
                    uint32_t src4, uint32_t dst4)
{
	struct fastpath *fastpath = context;
	struct fastpath_key6 key = { .proto = 0 };
	struct fastpath_to4 to = { .src = htonl(src4), .dst = htonl(dst4) };

	memcpy(key.src, src6, 16);
	memcpy(key.dst, dst6, 16);
	choose_ident(fastpath, 0, &to);
	mappings_learn64(fastpath->mappings, &key, &to, loop_now_us() / 1000000);
}

static void learn46(void *context, uint32_t src4, uint32_t dst4, const struct in6_addr *src6,
                    const struct in6_addr *dst6)
{
	const struct fastpath *fastpath = context;
	struct fastpath_key4 key = { .src = htonl(src4), .dst = htonl(dst4) };
	struct fastpath_to6 to = { .index = 0 };

	memcpy(to.src, src6, 16);
	memcpy(to.dst, dst6, 16);
	mappings_learn46(fastpath->mappings, &key, &to, loop_now_us() / 1000000);
}

static void forget(void *context)
{
	const struct fastpath *fastpath = context;

	mappings_forget(fastpath->mappings);
}

static uint32_t held(void *context)
{
	const struct fastpath *fastpath = context;

	return mappings_count(fastpath->mappings);
}

void fastpath_sweep(struct fastpath *fastpath, uint64_t now_us)
{
	if (fastpath->mappings)
		mappings_sweep(fastpath->mappings, now_us / 1000000);
}

struct translator_fast fastpath_hooks(struct fastpath *fastpath)
{
	struct translator_fast hooks = { .counters = read_counters, .context = fastpath };

	if (fastpath->mappings) {
		hooks.learn64 = learn64;
		hooks.learn46 = learn46;
		hooks.forget = forget;
		hooks.held = held;
	} else {
		hooks.install = install;
		hooks.remove = remove_flow;
		hooks.last_used = last_used;
	}
	return hooks;
}

/* ---- after a restart or a reload ---- */

static void clear_flows(struct fastpath *fastpath)
{
	if (fastpath->mappings) {
		mappings_forget(fastpath->mappings);
		return;
	}
	takeover_clear(map6(fastpath));
	takeover_clear(map4(fastpath));
}

static void end_proving(struct fastpath *fastpath)
{
	prove_free(fastpath->prove);
	fastpath->prove = NULL;
}

void fastpath_reset(struct fastpath *fastpath, const struct config_instance *config)
{
	end_proving(fastpath);
	clear_flows(fastpath);
	if (write_settings(fastpath, config) < 0)
		log_warning("the fast path keeps its old settings: %s", strerror(errno));
}

/* Without sessions of its own, t gets them from the flows: all at once, before the first packet
 * makes others in their place. */
static uint32_t restore_all(struct fastpath *fastpath, struct translator *t)
{
	const struct translator_fast fast = fastpath_hooks(fastpath);
	uint64_t now_us = loop_now_us();
	struct takeover_flow *kept;
	uint32_t count, i, taken = 0;

	count = takeover_read(&fastpath->left, map6(fastpath), fastpath->stamps, fastpath->capacity,
	                      &kept);
	takeover_fini(&fastpath->left);
	takeover_clear(map4(fastpath));
	for (i = 0; i < count; i++) {
		if (prove_restore(&fast, fastpath->stamps, t, &kept[i], now_us))
			taken++;
		else
			(void)bpf_map_delete_elem(map6(fastpath), &kept[i].key);
	}
	free(kept);
	return taken;
}

uint32_t fastpath_take_over(struct fastpath *fastpath, struct translator *t)
{
	const struct translator_fast fast = fastpath_hooks(fastpath);
	bool is_moved = fastpath->left.flows6 >= 0; /* to maps of another size */
	uint32_t cursor = 0, taken;
	bool is_done;

	if (fastpath->mappings) {
		takeover_fini(&fastpath->left);
		clear_flows(fastpath);
		return 0;
	}
	if (!is_moved && translator_restored(t).sessions)
		fastpath->prove = prove_new(map6(fastpath), map4(fastpath), fastpath->stamps,
		                            fastpath->capacity, &fast);
	if (!fastpath->prove) {
		taken = restore_all(fastpath, t);
		(void)translator_forget_unproven(t, &cursor, UINT32_MAX);
		return taken;
	}
	takeover_fini(&fastpath->left);
	is_done = prove_step(fastpath->prove, t, PORTIONS_FIRST, loop_now_us());
	taken = prove_count(fastpath->prove);
	if (is_done)
		end_proving(fastpath);
	return taken;
}

void fastpath_prove(struct fastpath *fastpath, struct translator *t, uint64_t now_us)
{
	if (!fastpath->prove || !prove_step(fastpath->prove, t, PORTIONS_PER_TICK, now_us))
		return;
	log_info("took over %u sessions that the fast path kept, all in all",
	         prove_count(fastpath->prove));
	end_proving(fastpath);
}
