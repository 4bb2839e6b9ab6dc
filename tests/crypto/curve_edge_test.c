/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* P-384 and P-256 with scalars, signatures and points at and beyond every edge. */
#include "curves.h"

/* --- edges of scalars and signatures ------------------------------------------------------- */

/* value = n + offset, n itself having been taken off when `from_zero`. */
static void put_edge(const struct curve *c, uint8_t *to, bool from_zero, int offset)
{
	BIGNUM *a = from_zero ? BN_new() : BN_dup(c->n);
	if (offset < 0)
		BN_sub_word(a, (BN_ULONG)-offset);
	else
		BN_add_word(a, (BN_ULONG)offset);
	number_out(to, a, c->bytes);
	BN_free(a);
}

static void r_and_s_outside_1_to_n_minus_1_are_bad_signatures(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		const struct signed_digest good = random_signed(c);
		for (unsigned half = 0; half < 2; half++) {
			struct signed_digest s = good;
			uint8_t *edge = s.signature + half * c->bytes;
			put_edge(c, edge, true, 0);
			assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			for (int offset = 0; offset < 3; offset++) {
				put_edge(c, edge, false, offset);
				assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			}
			memset(edge, 0xff, c->bytes);
			assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			/* In range and wrong. */
			put_edge(c, edge, true, 1);
			assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			put_edge(c, edge, false, -1);
			assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
		}
		struct signed_digest s = good;
		memset(s.signature, 0, 2 * c->bytes);
		assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
	}
}

/*
 * A signature whose r or s is small enough that adding n still fits the field's bytes must not
 * verify in the larger form.  R is a point with x in [n, p), so r = x - n is tiny; the same
 * construction shows that such an r is accepted when it is reduced.
 */
static void a_reduced_r_verifies_and_its_unreduced_form_does_not(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		EC_POINT *R = EC_POINT_new(c->group), *Q = EC_POINT_new(c->group);
		BIGNUM *x = BN_dup(c->n), *r = BN_new(), *inverse = BN_new(), *s_value = BN_new();
		BIGNUM *u1 = random_scalar(c), *u2 = random_scalar(c), *h = BN_new();
		struct signed_digest s;
		do {
			BN_add_word(x, 1);
		} while (EC_POINT_set_compressed_coordinates(c->group, R, x, 0, bn) != 1);
		assert_true(BN_cmp(x, c->p) < 0);

		/* Q = (R - u1 G) / u2, s = r / u2, h = u1 s */
		BN_sub(r, x, c->n);
		assert_non_null(BN_mod_inverse(inverse, u2, c->n, bn));
		BN_sub(h, c->n, u1);
		assert_int_equal(EC_POINT_mul(c->group, Q, h, NULL, NULL, bn), 1);
		assert_int_equal(EC_POINT_add(c->group, Q, Q, R, bn), 1);
		assert_int_equal(EC_POINT_mul(c->group, Q, NULL, Q, inverse, bn), 1);
		BN_mod_mul(s_value, r, inverse, c->n, bn);
		BN_mod_mul(h, u1, s_value, c->n, bn);

		point_out(c, s.point, Q);
		number_out(s.digest, h, c->bytes);
		number_out(s.signature, r, c->bytes);
		number_out(s.signature + c->bytes, s_value, c->bytes);
		assert_true(openssl_verifies(c, s.point, s.digest, s.signature));
		assert_int_equal(verify(c, &s), STATUS_OK);
		number_out(s.signature, x, c->bytes);
		assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);

		BN_free(x), BN_free(r), BN_free(inverse), BN_free(s_value);
		BN_free(u1), BN_free(u2), BN_free(h);
		EC_POINT_free(R);
		EC_POINT_free(Q);
	}
}

static void edge_digests_and_keys_are_judged_as_openssl_judges_them(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		for (unsigned key = 0; key < 4; key++) {
			/* d = 1, 2, n - 1, n - 2: Q = G, 2G, -G, -2G */
			BIGNUM *d = key < 2 ? BN_new() : BN_dup(c->n);
			if (key < 2)
				BN_add_word(d, key + 1);
			else
				BN_sub_word(d, key - 1);
			for (unsigned kind = 0; kind < 6; kind++) {
				struct signed_digest s;
				memset(s.digest, kind == 1 ? 0xff : 0, c->bytes);
				if (kind >= 2)
					put_edge(c, s.digest, kind == 5, (int)kind - 3);
				public_of(c, d, s.point);
				openssl_signs(c, d, s.digest, s.signature);
				assert_int_equal(verify(c, &s), STATUS_OK);
				/* (r, n - s) is the other signature of the same digest. */
				BIGNUM *other = number(s.signature + c->bytes, c->bytes);
				BN_sub(other, c->n, other);
				number_out(s.signature + c->bytes, other, c->bytes);
				BN_free(other);
				assert_true(openssl_verifies(c, s.point, s.digest, s.signature));
				assert_int_equal(verify(c, &s), STATUS_OK);
				s.digest[c->bytes - 1] ^= 1;
				assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			}
			BN_free(d);
		}
	}
}

/*
 * The sum u1 G + u2 Q of a forged signature may double or vanish.  A sum at infinity must be
 * rejected; that a doubling is rejected too is a limit of the library which nobody can meet
 * without knowing the private key.
 */
static void a_sum_that_doubles_or_vanishes_never_verifies_wrongly(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		for (unsigned sign = 0; sign < 2; sign++) {
			BIGNUM *d = random_scalar(c), *r = random_scalar(c);
			BIGNUM *s_value = random_scalar(c), *h = BN_new();
			struct signed_digest s;
			/* u1 = +-u2 d, so h = +-r d */
			BN_mod_mul(h, r, d, c->n, bn);
			if (sign == 1)
				BN_sub(h, c->n, h);
			public_of(c, d, s.point);
			number_out(s.digest, h, c->bytes);
			number_out(s.signature, r, c->bytes);
			number_out(s.signature + c->bytes, s_value, c->bytes);
			assert_false(openssl_verifies(c, s.point, s.digest, s.signature));
			assert_int_equal(verify(c, &s), ERR_CRYPTO_SIGNATURE);
			BN_free(d), BN_free(r), BN_free(s_value), BN_free(h);
		}
	}
}

static void scalars_outside_1_to_n_minus_1_are_refused(void **state)
{
	static const uint8_t zeros[96];
	uint8_t scalar[48], own[48], point[96], digest[48] = {1}, out[96];

	(void)state;
	assert_int_equal(p384_generate(own, point), STATUS_OK);
	for (int offset = -1; offset < 4; offset++) {
		if (offset < 3)
			put_edge(p384, scalar, offset < 0, offset < 0 ? 0 : offset);
		else
			memset(scalar, 0xff, 48);
		memset(out, 0xee, sizeof(out));
		assert_int_equal(p384_ecdh(scalar, point, out), ERR_CRYPTO);
		assert_memory_equal(out, zeros, 48);
		assert_int_equal(p384_sign(scalar, digest, out), ERR_CRYPTO);
		assert_memory_equal(out, zeros, 96);
	}
}

static void the_smallest_and_largest_scalars_work(void **state)
{
	uint8_t scalar[48], z[48], digest[48], generator[96];
	BIGNUM *one = BN_new();

	(void)state;
	BN_one(one);
	public_of(p384, one, generator);
	for (unsigned k = 0; k < 4; k++) {
		/* 1, 2, n - 2, n - 1 */
		struct signed_digest s;
		put_edge(p384, scalar, k < 2, k < 2 ? (int)k + 1 : (int)k - 4);
		BIGNUM *d = number(scalar, 48);
		public_of(p384, d, s.point);
		assert_int_equal(p384_ecdh(scalar, generator, z), STATUS_OK);
		assert_memory_equal(z, s.point, 48);
		test_random_fill(&test_random, digest, 48);
		assert_int_equal(p384_sign(scalar, digest, s.signature), STATUS_OK);
		assert_true(openssl_verifies(p384, s.point, digest, s.signature));
		BN_free(d);
	}
	BN_free(one);
}

/* --- edges of points ----------------------------------------------------------------------- */

static void expect_point(const struct curve *c, const uint8_t *point, bool valid)
{
	uint8_t scalar[48] = {1}, z[48], digest[48] = {1}, signature[96];
	memset(signature, 1, sizeof(signature));
	assert_int_equal(c->point_valid(point), valid);
	assert_int_equal(c->verify(point, digest, signature),
		valid ? ERR_CRYPTO_SIGNATURE : ERR_CRYPTO_POINT);
	if (c != p384)
		return;
	assert_int_equal(p384_ecdh(scalar, point, z), valid ? STATUS_OK : ERR_CRYPTO_POINT);
	if (!valid)
		assert_true(ct_equal(z, (const uint8_t[48]){0}, 48));
}

static void points_off_the_curve_are_refused(void **state)
{
	uint8_t point[96];

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		memset(point, 0, sizeof(point));
		expect_point(c, point, false);	/* infinity as some encode it */
		memset(point, 0xff, sizeof(point));
		expect_point(c, point, false);
		memset(point, 1, sizeof(point));
		expect_point(c, point, false);
		for (unsigned round = 0; round < 40; round++) {
			test_random_fill(&test_random, point, sizeof(point));
			EC_POINT *q = point_in(c, point);
			assert_null(q);
			expect_point(c, point, false);
		}
		struct signed_digest s = random_signed(c);
		expect_point(c, s.point, true);
		/* y and x exchanged, y negated, y of another point */
		memcpy(point, s.point + c->bytes, c->bytes);
		memcpy(point + c->bytes, s.point, c->bytes);
		expect_point(c, point, false);
		BIGNUM *y = number(s.point + c->bytes, c->bytes);
		BN_sub(y, c->p, y);
		number_out(s.point + c->bytes, y, c->bytes);
		expect_point(c, s.point, true);
		BN_add_word(y, 1);
		number_out(s.point + c->bytes, y, c->bytes);
		expect_point(c, s.point, false);
		BN_free(y);
	}
}

/* A point with a small coordinate, and the same coordinate plus p: congruent, not canonical. */
static void coordinates_not_below_p_are_refused(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		const struct curve *c = &curves[k];
		EC_POINT *q = EC_POINT_new(c->group);
		BIGNUM *x = BN_new(), *y = BN_new(), *larger = BN_new();
		uint8_t point[96];
		while (EC_POINT_set_compressed_coordinates(c->group, q, x, 0, bn) != 1)
			BN_add_word(x, 1);
		point_out(c, point, q);
		expect_point(c, point, true);

		BN_add(larger, x, c->p);
		number_out(point, larger, c->bytes);
		expect_point(c, point, false);
		number_out(point, c->p, c->bytes);
		expect_point(c, point, false);

		struct signed_digest s = random_signed(c);
		number_out(s.point + c->bytes, c->p, c->bytes);
		expect_point(c, s.point, false);
		memset(s.point + c->bytes, 0xff, c->bytes);
		expect_point(c, s.point, false);
		BN_free(x), BN_free(y), BN_free(larger);
		EC_POINT_free(q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_and_s_outside_1_to_n_minus_1_are_bad_signatures),
		cmocka_unit_test(a_reduced_r_verifies_and_its_unreduced_form_does_not),
		cmocka_unit_test(edge_digests_and_keys_are_judged_as_openssl_judges_them),
		cmocka_unit_test(a_sum_that_doubles_or_vanishes_never_verifies_wrongly),
		cmocka_unit_test(scalars_outside_1_to_n_minus_1_are_refused),
		cmocka_unit_test(the_smallest_and_largest_scalars_work),
		cmocka_unit_test(points_off_the_curve_are_refused),
		cmocka_unit_test(coordinates_not_below_p_are_refused),
	};
	return cmocka_run_group_tests(tests, curves_setup, curves_teardown);
}
