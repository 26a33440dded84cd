#include "netns/seen.h"

#include <stdlib.h>
#include <string.h>

const struct seen_link *seen_link_find(const struct seen_space *space, const char *name)
{
	for (size_t i = 0; i < space->link_count; i++)
		if (strcmp(space->links[i].name, name) == 0)
			return &space->links[i];
	return NULL;
}

const struct seen_link *seen_link_at(const struct seen_space *space, int index)
{
	for (size_t i = 0; i < space->link_count; i++)
		if (space->links[i].index == index)
			return &space->links[i];
	return NULL;
}

const struct seen_link *seen_link_moved(const struct seen_space *space, const char *instance,
                                        struct mark *mark)
{
	for (size_t i = 0; i < space->link_count; i++)
		if (mark_parse(space->links[i].alias, mark) && mark->name[0] &&
		    strcmp(mark->instance, instance) == 0)
			return &space->links[i];
	return NULL;
}

const struct seen_address *seen_address_find(const struct seen_space *space, int index,
                                             const struct net_address *address)
{
	for (size_t i = 0; i < space->address_count; i++)
		if (space->addresses[i].index == index &&
		    net_address_equal(&space->addresses[i].address, address))
			return &space->addresses[i];
	return NULL;
}

void seen_space_fini(struct seen_space *space)
{
	free(space->links);
	free(space->addresses);
	free(space->routes);
	*space = (struct seen_space){ 0 };
}

void seen_fini(struct seen *seen)
{
	seen_space_fini(&seen->box);
	seen_space_fini(&seen->inner);
	free(seen->sysctls);
	seen->sysctls = NULL;
	for (size_t i = 0; i < seen->other_count; i++) {
		free(seen->others[i].name);
		seen_space_fini(&seen->others[i].space);
	}
	free(seen->others);
	seen->others = NULL;
	seen->other_count = 0;
}
