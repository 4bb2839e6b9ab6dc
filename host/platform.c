/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A host from its start to its end. */
#include "host/platform.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void platform_random(void *at, size_t n)
{
	if (RAND_bytes(at, (int)n) != 1)
		abort();
}

static bool load_collateral(struct platform *platform, const struct platform_options *options)
{
	char beside[4096];
	const char *path = options->collateral;
	char why[512];

	snprintf(beside, sizeof(beside), "%s/../../collateral.json", options->pki);
	if (!path && access(beside, F_OK))
		return true;
	if (!collateral_load(&platform->collateral, path ? path : beside, why, sizeof(why)))
		return true;
	report("%s", why);
	return false;
}

static bool load_pki(struct platform *platform, const struct platform_options *options)
{
	const char *directory = options->pki;
	char why[512];

	if (!directory)
		return true;
	if (pki_load(&platform->pki, directory, why, sizeof(why))) {
		report("%s", why);
		return false;
	}
	if (!load_collateral(platform, options))
		return false;
	platform->quoting = quoting_create(platform);
	if (!platform->quoting)
		report("%s: the PCK key cannot sign", directory);
	return platform->quoting;
}

bool platform_open(struct platform *platform, const struct platform_options *options,
	const struct faults *faults)
{
	platform->faults = *faults;
	platform->servtd_ext = options->servtd_ext;
	platform->export_version = options->export_version;
	platform->import_version = options->import_version;
	platform_random(platform->mac_key, sizeof(platform->mac_key));
	return load_pki(platform, options);
}

void platform_close(struct platform *platform)
{
	while (platform->clients)
		client_detach(platform->clients);
	while (platform->migtds)
		migtd_detach(platform->migtds, "the platform stops");
	free(platform->user_tds);
	quoting_destroy(platform->quoting);
	collateral_free(&platform->collateral);
	pki_free(&platform->pki);
	loop_fini(&platform->loop);
	OPENSSL_cleanse(platform, sizeof(*platform));
}
