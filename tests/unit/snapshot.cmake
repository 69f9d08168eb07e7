# SPDX-License-Identifier: Apache-2.0
# What is known of the rest of the cluster.
sluice_add_test(test_world_table DEPS sluice_world)
sluice_add_test(test_world_snapshots DEPS sluice_webhook)
sluice_add_test(test_world_clusters DEPS sluice_world)
