/* SPDX-License-Identifier: MIT */
/*
 * host.c - what Windows does before a sample's program starts: the system is up and the driver's
 * service runs.
 *
 * The program's own main is compiled as sample_main (-Dmain=sample_main), so that its source is an
 * ordinary Windows program. The driver SAMPLE_DRIVER (a .so, or else a .sys) is looked for beside
 * the executable.
 */
#undef main
#include "ntio.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int sample_main(int argc, char **argv);

/* The folder of the executable; 0 on success. */
static int own_folder(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0)
        return -1;
    path[length] = '\0';
    dirname(path);
    return 0;
}

int main(int argc, char **argv)
{
    char folder[PATH_MAX], reason[512];
    /* SAMPLE_IMAGE names another image of the driver: the .sys instead of the .so. */
    const char *image = getenv("SAMPLE_IMAGE");
    ntio_config config = {.process_name = SAMPLE_DRIVER "_app"};

    int32_t status = ntio_boot(&config);
    if (status < 0) {
        fprintf(stderr, "%s: can't boot ntio: status 0x%08x\n", argv[0], (unsigned)status);
        return 1;
    }
    int result = 1;
    if (own_folder(folder, sizeof(folder)) != 0 || ntio_add_driver_directory(folder) < 0 ||
        ntio_create_service(SAMPLE_DRIVER, image) < 0)
        fprintf(stderr, "%s: can't register the driver\n", argv[0]);
    else if (ntio_start_service(SAMPLE_DRIVER, reason, sizeof(reason)) < 0)
        fprintf(stderr, "%s: %s\n", argv[0], reason);
    else
        result = sample_main(argc, argv);
    fflush(stdout);
    return ntio_shutdown() == 0 ? result : 3;
}
