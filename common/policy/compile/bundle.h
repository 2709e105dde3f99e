/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The compiler of policy bundles: YAML goes in, a policy or everything that is wrong with it comes
 * out. A bundle is described in common/policy/bundles/README.md; default.yaml there is the bundle
 * that ships.
 *
 * This is the top of common/policy. What includes what:
 *   policy/ (the policy and its words) < describe/ < validate/ < compile/
 *   policy/ < read/ < compile/
 *
 * Threading: any thread. Ownership: a policy that is returned belongs to the caller, who frees it
 * with policy_free().
 */

#include "policy/policy.h"
#include "policy/problem.h"

/* Compiles a bundle as `version`. All problems are added in one run, ordered by line and column.
 * Returns NULL when there is an error; warnings do not stop it. `source` need not be valid UTF-8 or
 * YAML. */
struct policy *bundle_compile(int32_t version, const char *source,
                              struct bundle_problems *problems);

/* The same for a version that was stored. Refusals do not stop it either: what cases were opened
 * under goes on to mean the same, whatever the compiler has learned since. The policy says in
 * `n_refusals` that there are some. */
struct policy *bundle_compile_stored(int32_t version, const char *source,
                                     struct bundle_problems *problems);

/* bundle_compile_stored() of a bundle, or of the word "default" for the bundle that ships. Returns
 * NULL and adds the errors to `fault`, which is set to UNAVAILABLE / TIME_ZONE_MISSING when a zone
 * is missing here; the process says then that it is not ready (calendar/zone_needed.h). */
struct policy *policy_compile(int32_t version, const char *source, struct fault *fault);

/* The bundle that ships, compiled. It is good enough to use as it is. Ends the process if it does
 * not compile, which a test rules out. */
struct policy *policy_default(int32_t version);

/* The text of the bundle that ships; a constant. */
const char *bundle_default_source(void);

/* The texts that ship (templates.yaml); a constant. */
const char *bundle_templates_source(void);

/* The bundle that a stored source stands for: itself, or that which ships. */
const char *bundle_of_stored(const char *source);
