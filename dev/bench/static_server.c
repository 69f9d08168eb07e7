// SPDX-License-Identifier: Apache-2.0
// The floor that the webhook is measured against: the same libmicrohttpd with the same options,
// which reads the whole body and answers a constant. Usage: static_server CERT KEY PORT; says
// "ready" on stdout.
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/os_file.h"
#include "common/http/listen.h"

static char ANSWER[] =
    "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"response\":{\"uid\":"
    "\"705ab4f5-6393-11e8-b7cc-42010a800002\",\"allowed\":true}}";

static size_t bytes_read;

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    (void)cls;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    if (*state == NULL) {
        *state = &bytes_read;
        return MHD_YES;
    }
    if (*size != 0) {
        *size = 0;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof(ANSWER) - 1, ANSWER, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return rc;
}

int main(int argc, char **argv)
{
    struct strbuf cert = STRBUF(1 << 16), key = STRBUF(1 << 16);
    struct err err;
    uint16_t port;
    char addr[32];
    if (argc != 4 || os_file_read(argv[1], 1 << 16, &cert, &err) != 0 ||
        os_file_read(argv[2], 1 << 16, &key, &err) != 0) {
        fprintf(stderr, "usage: static_server CERT KEY PORT\n");
        return 2;
    }
    snprintf(addr, sizeof(addr), "127.0.0.1:%s", argv[3]);
    int fd = listen_open(addr, &port, &err);
    if (fd < 0) {
        fprintf(stderr, "static_server: %s\n", err.msg);
        return 1;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    // The options of webhook/server.c.
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, NULL, NULL,
        on_request, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_HTTPS_MEM_CERT, cert.ptr,
        MHD_OPTION_HTTPS_MEM_KEY, key.ptr, MHD_OPTION_HTTPS_PRIORITIES,
        "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_THREAD_POOL_SIZE, 2U,
        MHD_OPTION_CONNECTION_LIMIT, 256U, MHD_OPTION_CONNECTION_TIMEOUT, 120U,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 << 10,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)8 << 10, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "static_server: libmicrohttpd does not start\n");
        return 1;
    }
    int sig;
    sigwait(&set, &sig);
    MHD_stop_daemon(daemon);
    strbuf_done(&cert);
    strbuf_done(&key);
    return 0;
}
