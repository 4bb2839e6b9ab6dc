/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* The own log: built at start-up, laid out anew for whatever range is asked for. */
#include "measure/event_log.h"

#include "measure/event_log_format.h"
#include "wire/writer.h"

/* Upstream's iterator loses a record that ends where the log ends. */
#define TRAILING_BYTES 1

static const uint8_t spec_id_record[EVENT_LOG_FIRST_RECORD] = {
	0, 0, 0, 0,				/* mrIndex */
	3, 0, 0, 0,				/* EV_NO_ACTION */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0,		/* digest */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	40, 0, 0, 0,				/* size of what follows */
	'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ',
	'E', 'v', 'e', 'n', 't', '0', '3', 0,
	0, 0, 0, 0,				/* platform class */
	0, 2, 105, 2,				/* minor, major, errata, size of UINTN */
	1, 0, 0, 0,				/* one algorithm: */
	EVENT_ALGORITHM_SHA384, 0, SHA384_SIZE, 0,
	7, 't', 'd', '-', 's', 'h', 'i', 'm',	/* vendor */
};

void event_log_init(struct event_log *log)
{
	memset(log, 0, sizeof(*log));
}

static struct event *next_event(struct event_log *log, unsigned rtmr, uint32_t type)
{
	if (log->count == EVENT_LOG_EVENTS_MAX || rtmr >= RTMR_COUNT)
		return NULL;
	struct event *event = &log->event[log->count++];
	event->mr_index = rtmr + 1;
	event->type = type;
	return event;
}

enum status event_log_add_separator(struct event_log *log, unsigned rtmr)
{
	struct event *event = next_event(log, rtmr, EVENT_SEPARATOR);

	if (event == NULL)
		return ERR_INTERNAL;
	event->head_size = 4;
	sha384(event->head, event->head_size, event->digest);
	return STATUS_OK;
}

enum status event_log_add_tagged(struct event_log *log, unsigned rtmr, enum event_tag tag,
	const uint8_t *measured, size_t measured_size, const uint8_t *data, size_t data_size)
{
	if (data_size > UINT32_MAX - sizeof(log->event[0].head))
		return ERR_INTERNAL;
	struct event *event = next_event(log, rtmr, EVENT_TAGGED);
	if (event == NULL)
		return ERR_INTERNAL;

	struct writer w = writer_of(event->head, sizeof(event->head));
	writer_u32(&w, tag);
	writer_u32(&w, (uint32_t)data_size);
	event->head_size = (uint32_t)writer_size(&w);
	event->data = data;
	event->data_size = (uint32_t)data_size;
	sha384(measured, measured_size, event->digest);
	return STATUS_OK;
}

static size_t record_size(const struct event *event)
{
	return EVENT_HEADER + (size_t)event->head_size + event->data_size;
}

size_t event_log_size(const struct event_log *log)
{
	size_t size = EVENT_LOG_FIRST_RECORD + TRAILING_BYTES;

	for (uint32_t i = 0; i < log->count; i++)
		size += record_size(&log->event[i]);
	return size;
}

/* The range asked for, and how far the log has been laid out. */
struct window {
	uint8_t *to;
	size_t offset;
	size_t n;
	size_t at;
};

static bool before_window(const struct window *w, size_t size)
{
	return w->at + size <= w->offset;
}

static bool past_window(const struct window *w)
{
	return w->at >= w->offset + w->n;
}

/* Lays out `size` bytes of the log, of which those inside the window are copied. */
static void lay_out(struct window *w, const uint8_t *from, size_t size)
{
	const size_t begin = w->at > w->offset ? w->at : w->offset;
	const size_t end = w->at + size < w->offset + w->n ? w->at + size : w->offset + w->n;

	if (begin < end)
		memcpy(w->to + (begin - w->offset), from + (begin - w->at), end - begin);
	w->at += size;
}

static void lay_out_event(struct window *window, const struct event *event)
{
	uint8_t header[EVENT_HEADER];
	struct writer w = writer_of(header, sizeof(header));

	writer_u32(&w, event->mr_index);
	writer_u32(&w, event->type);
	writer_u32(&w, 1);
	writer_u16(&w, EVENT_ALGORITHM_SHA384);
	writer_bytes(&w, event->digest, sizeof(event->digest));
	writer_u32(&w, event->head_size + event->data_size);

	lay_out(window, header, sizeof(header));
	lay_out(window, event->head, event->head_size);
	lay_out(window, event->data, event->data_size);
}

void event_log_read(const struct event_log *log, size_t offset, uint8_t *to, size_t n)
{
	struct window window = {.to = to, .offset = offset, .n = n, .at = 0};

	/* The trailing byte, and whatever is asked for beyond the end. */
	memset(to, 0, n);
	lay_out(&window, spec_id_record, sizeof(spec_id_record));
	for (uint32_t i = 0; i < log->count && !past_window(&window); i++) {
		if (before_window(&window, record_size(&log->event[i])))
			window.at += record_size(&log->event[i]);
		else
			lay_out_event(&window, &log->event[i]);
	}
}
