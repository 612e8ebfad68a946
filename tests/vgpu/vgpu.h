/* How tests talk to the virtual GPU beside the driver API. Exported by the stand-in for libcuda.so.1; nothing of the
 * product knows this header. */
#ifndef VGPU_H_
#define VGPU_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The environment, read when the library is first used:
 *   VGPU_SCHEDULE  forward | reverse | random        VGPU_SEED     a number, for random
 *   VGPU_ROUNDING  exact | ampere                    VGPU_CHECKS   1 | 0
 *   VGPU_SOURCES   folder with unstripped PTX, each file named by the SHA-256 of the stripped text it belongs to
 *   VGPU_MUTATION  a change made to PTX when it is loaded, as in vgpu_mutate */

int vgpu_finding_count(void);
/* Text of a finding; valid until the next vgpu_clear_findings. */
const char* vgpu_finding_text(int index);
const char* vgpu_finding_kind(int index);
void vgpu_clear_findings(void);

/* Settings of later launches. Returns 0, or -1 if the text is none it knows. */
int vgpu_set(const char* name, const char* value); /* "schedule", "seed", "rounding", "checks", "watchdog" */

/* Counters of launches since vgpu_clear_counters, as JSON, one object per launch; valid until the next call. */
const char* vgpu_counters_json(void);
void vgpu_clear_counters(void);

/* "drop bar.sync 3", "swap mma 0", "unpredicate ld 2", "drop cp.async.wait_group 1": applied to the modules loaded
 * from now on; "" for none. Returns -1 if the text is not understood. */
int vgpu_mutate(const char* mutation);

#ifdef __cplusplus
}
#endif
#endif
