/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Where the secrets of a session lie in its arena, as JSON: {"name": [offset, size], ...}. */
#include <stdio.h>

#include "core/session.h"

#define FIELD(name, member) \
	{name, offsetof(struct session, member), sizeof(((struct session *)0)->member)}

int main(void)
{
	static const struct {
		const char *name;
		size_t offset;
		size_t size;
	} fields[] = {
		{"session", 0, sizeof(struct session)},
		FIELD("in_spdm", in_spdm),
		FIELD("signing_scalar", stage.spdm.signing_scalar),
		FIELD("secrets", stage.spdm.secrets),
		FIELD("ecdhe_scalar", stage.spdm.secrets.ecdhe_scalar),
		FIELD("request_finished", stage.spdm.secrets.handshake.request_finished),
		FIELD("response_finished", stage.spdm.secrets.handshake.response_finished),
		FIELD("master", stage.spdm.secrets.handshake.master),
		FIELD("th1", stage.spdm.th1),
		FIELD("own_key", stage.exchange.own_key),
		FIELD("peer_key", stage.exchange.peer_key),
	};

	putchar('{');
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		printf("%s\"%s\": [%zu, %zu]", i > 0 ? ", " : "", fields[i].name, fields[i].offset,
			fields[i].size);
	puts("}");
	return 0;
}
