/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "saved.h"

#include <stdlib.h>
#include <string.h>

void save(const struct pair *p, struct saved *to)
{
	memcpy(&to->pair, p, sizeof(*p));
}

static void restore_owner(struct owner *o, const struct owner *saved)
{
	for (size_t i = saved->in_count; i < o->in_count; i++)
		free(o->in[i].bytes);
	*o = *saved;
}

static void restore_pipe(struct pipe *p, const struct pipe *saved)
{
	memcpy(p->bytes, saved->bytes, saved->written);
	p->written = saved->written;
	p->taken = saved->taken;
}

void restore(struct pair *p, const struct saved *from)
{
	p->requester = from->pair.requester;
	p->responder = from->pair.responder;
	restore_owner(&p->source, &from->pair.source);
	restore_owner(&p->destination, &from->pair.destination);
	restore_pipe(&p->to_responder, &from->pair.to_responder);
	restore_pipe(&p->to_requester, &from->pair.to_requester);
	p->requester_status = from->pair.requester_status;
	p->responder_status = from->pair.responder_status;
}

struct spdm *engine(struct pair *p, bool requester)
{
	return requester ? &p->requester : &p->responder;
}

const struct stream *stream(struct pair *p, bool requester)
{
	return requester ? &p->requester_io : &p->responder_io;
}

struct pipe *inbox(struct pair *p, bool requester)
{
	return requester ? &p->to_requester : &p->to_responder;
}

void run_to(struct pair *p, bool requester, size_t index)
{
	struct pipe *in = inbox(p, requester);

	for (;;) {
		assert_int_equal(step_until_stuck(engine(p, requester), stream(p, requester)),
			STATUS_PENDING);
		if (pipe_frames(in) == index)
			break;
		(void)step_until_stuck(engine(p, !requester), stream(p, !requester));
		if (pipe_frames(in) == index + 1)
			break;	/* the frame wanted is there and was not taken */
	}
}

uint8_t *next_frame(struct pair *p, bool requester, size_t index, size_t *size)
{
	struct pipe *in = inbox(p, requester);
	const uint8_t *frame;

	if (pipe_frames(in) == index)
		(void)step_until_stuck(engine(p, !requester), stream(p, !requester));
	frame = pipe_frame(in, index, size);
	assert_non_null(frame);
	return in->bytes + (frame - in->bytes);
}
