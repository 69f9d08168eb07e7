// SPDX-License-Identifier: Apache-2.0
// The file system plugins that lie in /opt/flink/opt of the official image, and which storage
// scheme needs which. Source: flink-docker's entry point (ENABLE_BUILT_IN_PLUGINS), Flink's file
// system pages. Pure; constant.
#ifndef SLUICE_FLINK_PLUGINS_H
#define SLUICE_FLINK_PLUGINS_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/strview.h"
#include "common/flink/version.h"

/// The jar's name for ENABLE_BUILT_IN_PLUGINS: "s3-hadoop" and "1.20.1" give
/// "flink-s3-fs-hadoop-1.20.1.jar"; a name that ends in ".jar" is given back as it is. SV_NONE when
/// the plugin is unknown or when PATCH (MAJOR.MINOR.PATCH, from the tag) is absent and needed.
struct strview flink_plugin_jar(struct arena *arena, struct strview plugin, struct strview patch);

/// Whether PLUGIN is a known short name, or a file name that ends in ".jar" (no slash, no white
/// space).
bool flink_plugin_is_valid(struct strview plugin);

/// The known short names, "azure-fs-hadoop, gs-fs-hadoop, …", for messages.
const char *flink_plugin_names(void);

/// The scheme of URI in lower case ("s3"), or SV_NONE when it has none. Cut out of URI when it is
/// lower case already, else in ARENA.
struct strview flink_uri_scheme(struct arena *arena, struct strview uri);

/// Whether SCHEME needs a plugin that Sluice knows. When it does, *WANT names what to enable
/// ("s3-hadoop or s3-presto").
bool flink_scheme_needs_plugin(struct strview scheme, const char **want);

/// Whether PLUGIN (short name or jar) serves SCHEME. A jar that is not Flink's own is taken to.
bool flink_plugin_serves(struct strview plugin, struct strview scheme);

/// The S3A credentials provider that reads an EKS web identity; the default chain of S3A has none.
/// Of the AWS SDK 1, which flink-s3-fs-hadoop carries in every release up to 2.3 (Hadoop 3.3);
/// newer ones are taken to have Hadoop 3.4 and the AWS SDK 2 (FLINK-30975).
const char *flink_aws_provider(struct flink_version version);

#endif
