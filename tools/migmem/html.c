/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "migmem/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Colours that are told apart with any eyes: after Okabe and Ito, lighter ones on dark. */
static const char style[] =
	":root{--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d8dee4;--soft:#f6f8fa;--ok:#1a7f37;"
	"--bad:#c62828;--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#b8860b;"
	"--c5:#56b4e9;--c6:#7a5195;--c7:#8c564b;--c8:#6b7280;--c9:#e3a008}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;"
	"--line:#30363d;--soft:#161b22;--ok:#3fb950;--bad:#ff7b72;--c0:#58a6ff;--c1:#ff9e64;"
	"--c2:#3ddbb0;--c3:#f0a6ca;--c4:#e3b341;--c5:#8bd3ff;--c6:#c297ff;--c7:#d2a28f;"
	"--c8:#9aa4b2;--c9:#ffd866}}\n"
	"*{box-sizing:border-box}body{margin:0 auto;padding:24px 20px 64px;max-width:1080px;"
	"background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,'DejaVu Sans',sans-serif}\n"
	"h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:36px 0 8px;"
	"border-bottom:1px solid var(--line);padding-bottom:4px}h3{font-size:15px;margin:18px 0 4px}\n"
	"p{margin:6px 0 10px}p.note,figcaption{color:var(--dim);font-size:13px}\n"
	"table{border-collapse:collapse;margin:8px 0 14px;font-variant-numeric:tabular-nums;"
	"font-size:14px}td,th{padding:4px 20px 4px 0;text-align:right;white-space:nowrap;border-bottom:1px solid "
	"var(--line);vertical-align:top}td.t,th.t{text-align:left}th{color:var(--dim);"
	"font-weight:600}td:last-child,th:last-child{padding-right:0}\n"
	".scroll{overflow-x:auto}.pair{display:grid;grid-template-columns:repeat(auto-fit,"
	"minmax(min(440px,100%),1fr));gap:8px 28px}figure{margin:8px 0 14px}svg{width:100%;height:auto;"
	"display:block}\n"
	"svg text{fill:var(--fg);font:12px system-ui,'DejaVu Sans',sans-serif}svg text.d{fill:"
	"var(--dim);font-size:11px}svg .grid{stroke:var(--line)}svg .axis{stroke:var(--dim)}"
	"svg .room{fill:var(--soft);stroke:var(--line)}\n"
	".badge{display:inline-block;padding:1px 10px;border-radius:10px;color:var(--bg);"
	"font-weight:600;font-size:14px;vertical-align:4px;margin-left:10px}.ok{background:var(--ok)}"
	".bad{background:var(--bad)}td.miss{color:var(--bad);font-weight:600}\n"
	"code{font:13px ui-monospace,'DejaVu Sans Mono',monospace}"
	"pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:10px 14px;"
	"overflow-x:auto;font:13px/1.45 ui-monospace,'DejaVu Sans Mono',monospace;margin:8px 0}\n"
	"details{margin:8px 0}summary{cursor:pointer;color:var(--dim)}\n"
	"@media print{body{max-width:none}details>*{display:block}}\n";

void html_begin(struct blob *page, const char *title)
{
	blob_add_text(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			    "<meta name=\"viewport\" content=\"width=device-width\">"
			    "<meta name=\"color-scheme\" content=\"light dark\"><title>");
	html_text(page, title);
	blob_format(page, "</title><style>\n%s</style></head><body>\n", style);
}

void html_end(struct blob *page)
{
	blob_add_text(page, "</body></html>\n");
}

void html_text(struct blob *page, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			blob_add_text(page, "&lt;");
			break;
		case '>':
			blob_add_text(page, "&gt;");
			break;
		case '&':
			blob_add_text(page, "&amp;");
			break;
		case '"':
			blob_add_text(page, "&quot;");
			break;
		default:
			blob_add_byte(page, (uint8_t)*text);
		}
	}
}

char *grouped_decimal(int64_t value)
{
	AUTO_TEXT plain = tool_text("%" PRIu64, value < 0 ? -(uint64_t)value : (uint64_t)value);
	const size_t n = strlen(plain);
	char *text = tool_alloc(n + n / 3 + 2), *to = text;

	if (value < 0)
		*to++ = '-';
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*to++ = ',';
		*to++ = plain[i];
	}
	*to = '\0';
	return text;
}

/* --- tables -------------------------------------------------------------------------------- */

void html_table_begin(struct blob *page, const char *const *heads, size_t n)
{
	blob_add_text(page, "<div class=\"scroll\"><table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		const bool text = heads[i][0] == '<';
		blob_add_text(page, text ? "<th class=\"t\">" : "<th>");
		html_text(page, heads[i] + text);
		blob_add_text(page, "</th>");
	}
	blob_add_text(page, "</tr></thead><tbody>\n");
}

void html_row_begin(struct blob *page)
{
	blob_add_text(page, "<tr>");
}

void html_cell_text(struct blob *page, const char *text)
{
	blob_add_text(page, "<td class=\"t\">");
	html_text(page, text);
	blob_add_text(page, "</td>");
}

void html_cell_number(struct blob *page, int64_t value)
{
	AUTO_TEXT text = grouped_decimal(value);

	blob_format(page, "<td>%s</td>", text);
}

void html_row_end(struct blob *page)
{
	blob_add_text(page, "</tr>\n");
}

void html_table_end(struct blob *page)
{
	blob_add_text(page, "</tbody></table></div>\n");
}
