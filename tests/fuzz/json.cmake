# SPDX-License-Identifier: Apache-2.0
sluice_add_fuzzer(fuzz_strict DEPS sluice_json)
sluice_add_fuzzer(fuzz_patch DEPS sluice_json fake_json_patch)
