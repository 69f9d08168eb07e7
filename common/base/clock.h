// SPDX-License-Identifier: Apache-2.0
// The clocks. Only shells read them; pure code gets its time as an argument. Thread-safe.
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include <stdint.h>

/// Milliseconds since 1970 UTC; may jump. For timestamps only, never for durations.
int64_t clock_wall_ms(void);

/// Monotonic, since some start. The time that the machine was suspended does not count: for
/// latencies and back-off.
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/// Monotonic, and counts the time that the machine was suspended: for leases and expiry, where
/// another machine's clock went on.
int64_t clock_boot_ms(void);

/// Sleeps MS (nothing when <= 0), also through signals.
void clock_sleep_ms(int64_t ms);

#endif
