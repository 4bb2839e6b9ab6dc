/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What all clients have in common. */
#include "host/platform.h"

void client_attach(struct platform *platform, struct client *client)
{
	client->platform = platform;
	client->next = platform->clients;
	platform->clients = client;
}

void client_detach(struct client *client)
{
	struct platform *platform = client->platform;
	struct client **at = &platform->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	for (uint32_t i = 0; i < platform->user_td_count; i++) {
		struct user_td *td = platform->user_tds[i];

		if (td && td->client == client)
			user_td_destroy(td);
	}
	for (struct migtd *td = platform->migtds; td; td = td->next)
		raw_host_forget_client(td->raw, client);
	client->detached(client);
	loop_bury(&platform->loop, client);
}
