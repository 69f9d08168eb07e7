// SPDX-License-Identifier: Apache-2.0
#include "controller/logging.h"

#include "common/base/macros.h"

static const struct logging_file FILES[] = {
    {"log4j-console.properties",
     "monitorInterval=30\n"
     "rootLogger.level = INFO\n"
     "rootLogger.appenderRef.console.ref = ConsoleAppender\n"
     "logger.pekko.name = org.apache.pekko\n"
     "logger.pekko.level = INFO\n"
     "logger.kafka.name = org.apache.kafka\n"
     "logger.kafka.level = INFO\n"
     "logger.hadoop.name = org.apache.hadoop\n"
     "logger.hadoop.level = INFO\n"
     "logger.zookeeper.name = org.apache.zookeeper\n"
     "logger.zookeeper.level = INFO\n"
     "logger.netty.name = org.jboss.netty.channel.DefaultChannelPipeline\n"
     "logger.netty.level = OFF\n"
     "appender.console.name = ConsoleAppender\n"
     "appender.console.type = CONSOLE\n"
     "appender.console.layout.type = PatternLayout\n"
     "appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n\n"},
    {"logback-console.xml",
     "<configuration>\n"
     "    <appender name=\"console\" class=\"ch.qos.logback.core.ConsoleAppender\">\n"
     "        <encoder>\n"
     "            <pattern>%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{60} "
     "%X{sourceThread}"
     " - %msg%n</pattern>\n"
     "        </encoder>\n"
     "    </appender>\n"
     "    <root level=\"INFO\">\n"
     "        <appender-ref ref=\"console\"/>\n"
     "    </root>\n"
     "    <logger name=\"org.jboss.netty.channel.DefaultChannelPipeline\" level=\"ERROR\"/>\n"
     "</configuration>\n"},
};

const struct logging_file *logging_defaults(size_t *n)
{
    *n = ARRAY_LEN(FILES);
    return FILES;
}
