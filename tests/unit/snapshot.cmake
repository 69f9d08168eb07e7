# SPDX-License-Identifier: Apache-2.0
# What the webhook knows of the rest of the cluster.
sluice_add_test(test_webhook_table DEPS sluice_snapshot)
sluice_add_test(test_webhook_snapshots DEPS sluice_snapshot)
