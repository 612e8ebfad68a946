/* How tests talk to the virtual GPU beside the driver API. Exported by the stand-in for libcuda.so.1; nothing of the
 * product knows this header. A test that opens the library at run time finds the functions by name. */
#ifndef VGPU_H_
#define VGPU_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The environment, read when the library is first used. What is not understood is said on standard error and ignored.
 *   VGPU_SCHEDULE   forward | reverse | random: the order in which work of different streams, and the blocks and warps
 *                   of a kernel, are executed          VGPU_SEED      a number, for random
 *   VGPU_ROUNDING   exact | ampere: of tensor instructions
 *   VGPU_CHECKS     1 | 0: races, uninitialised reads    VGPU_COUNTERS  0 | 1: see vgpu_counters_json
 *   VGPU_WATCHDOG   instructions of one warp without progress elsewhere that count as an endless spin
 *   VGPU_PATIENCE   milliseconds without a call after which work is done for which nobody waits, 10; until then a
 *                   missing synchronisation shows as a value that is not there yet
 *   VGPU_SOURCES    folder with unstripped PTX, each file named SHA256.ptx after the stripped text it belongs to
 *   VGPU_MUTATION   a change made to PTX when it is loaded, as in vgpu_set
 *   VGPU_DEVICES    number of devices, 1                 VGPU_MEMORY_MIB  memory of each, 40960 */

/* All functions about findings and counters first wait until the work that is queued is done.
 * Findings are also printed on standard error when they happen, and counted at the end of the process. */
int vgpu_finding_count(void);
/* Of a finding; NULL for an index that is out of range. Valid until the next vgpu_clear_findings. */
const char* vgpu_finding_text(int index);
const char* vgpu_finding_kind(int index);
void vgpu_clear_findings(void);

/* Settings of launches that are issued, and modules that are loaded, from now on: "schedule", "seed", "rounding",
 * "checks", "counters", "watchdog", "patience", "sources", "mutation". Returns 0, or -1 if the name or the value is none
 * it knows. */
int vgpu_set(const char* name, const char* value);
/* The value in force, as vgpu_set takes it; NULL for an unknown name. Valid until the next call on the same thread. */
const char* vgpu_get(const char* name);

/* Counters of the launches since vgpu_clear_counters that were issued with "counters" set, as JSON: an array of one
 * object per launch, in the order of execution. Valid until the next call. */
const char* vgpu_counters_json(void);
void vgpu_clear_counters(void);

/* "drop bar.sync 3", "swap mma 0", "unpredicate ld 2", "untranspose 0", "unzero 1" (see driver/mutation.h): applied to
 * the modules loaded from now on that have such an instruction; "" for none. Returns -1 if the text is not understood. */
int vgpu_mutate(const char* mutation);
/* How many modules were changed since the start of the process: a mutation that met no module proves nothing. */
int vgpu_mutated_modules(void);
/* All mutations of a PTX text, a line each: the mutation, a tab, its line in the text, a tab, the instruction. Valid
 * until the next call on the same thread. */
const char* vgpu_list_mutations(const char* ptx);

/* Version of this header. */
#define VGPU_INTERFACE 2
int vgpu_interface(void);

#ifdef __cplusplus
}
#endif
#endif
