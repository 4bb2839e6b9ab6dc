/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Small texts and elements that a few bytes are enough for. */
#include <string.h>

#include "seeds.h"

void seeds_texts(void)
{
	static const char long_string[] =
		"\"a string of more than sixty-four bytes, which is delivered in two parts or even "
		"in three, since it is one of more than a hundred and twenty-eight bytes.\"";
	static const char *const json[] = {
		"{\"a\":[1,-2,0,0.5,1e9,2E+3,3e-1,true,false,null],\"b\":{\"c\":{}},\"d\":[]} ",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
		"[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]",
		"18446744073709551616", "-18446744073709551615", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
		"{\"a name of more than forty bytes, which is delivered without its end\":1}",
		long_string,
	};
	static const char *const text[] = {
		"plain", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\\u0041\\u00e9\\u20ac\\ud83d\\ude00 ",
		"\\ud83d", "\\ude00", "\\x", "\\u12g4", "\\", "\"",
	};
	static const char *const pem[] = {
		"text\n-----BEGIN CERTIFICATE-----\nMTIzNA==\n-----END CERTIFICATE-----\n",
		"-----BEGIN X509 CRL-----\r\nMTIz\r\nNDU=\r\n-----END X509 CRL-----\r\n\r\nmore\r\n",
		"-----BEGIN PRIVATE KEY-----\nMTIz\n-----END PRIVATE KEY-----\n",
		"-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nMTIz+/",
	};
	static const char *const der[] = {
		"\x18\x0f" "20500228235959Z", "\x17\x0d" "490229000000Z", "\x01\x01\xff", "\x0a\x01\x01",
		"\x30\x06\x02\x01\x7f\x02\x01\x01", "\x03\x02\x04\x10", "\x06\x03\x2a\x86\x48",
		"\x30\x08\x02\x03\x01\x02\x03\x02\x01\x05", "\x1f\x01\x01", "\x30\x80",
	};

	for (size_t i = 0; i < ARRAY_SIZE(json); i++)
		seeds_save_text("json", (int)i, json[i]);
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		seeds_save_text("text", (int)i, text[i]);
	for (size_t i = 0; i < ARRAY_SIZE(pem); i++)
		seeds_save_text("pem", (int)i, pem[i]);
	for (size_t i = 0; i < ARRAY_SIZE(der); i++)
		seeds_save_text("der", -1, der[i]);
}
