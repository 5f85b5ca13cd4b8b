/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#ifndef SCSINET_VERSION
#define SCSINET_VERSION "unknown"
#endif

static const char help[] =
    "scsinet shares CD, DVD and BD drives between machines: what is shared here is plugged in "
    "there.\n"
    "\n"
    "usage:\n"
    "  scsinet serve [--listen ADDR:PORT] --share IMAGE [--share IMAGE ...]\n"
    "                [--control PATH] [--insecure]\n"
    "      shares images until SIGINT or SIGTERM. One client has them at a time. IMAGE is cd:PATH, "
    "or\n"
    "      disk[,ro][,4096]:PATH (write-protected, blocks of 4096), or PATH: a CD drive where it "
    "ends in\n"
    "      .iso or has a volume descriptor, else a disk, which the client may write to.\n"
    "  scsinet attach ADDR:PORT [ADDR:PORT ...] --as fuse:DIR [--tree]\n"
    "      plugs the server's devices in; each is a file DIR/NAME/disc.iso or disk.img, until\n"
    "      SIGINT or SIGTERM.\n"
    "      --tree shows the tree of devices each time that one has come or gone.\n"
    "  scsinet unshare DEVICE [--control PATH]\n"
    "      takes a device back from a running serve; DEVICE is its hardware id, instance or "
    "image.\n"
    "  scsinet status [--control PATH]\n"
    "      what a running serve shares, and with whom.\n"
    "  scsinet tree [--control PATH]\n"
    "      a running serve's tree of devices, each with the drivers that are at it.\n"
    "  scsinet console server [--listen ADDR:PORT] [--image IMAGE ...] [--insecure]\n"
    "      commands: Connect, Disconnect, List, Share ID, Unshare ID, Exit\n"
    "  scsinet console client [--server ADDR:PORT]\n"
    "      commands: Connect, Disconnect, List, Exit\n"
    "\n"
    "ADDR:PORT is 127.0.0.1:3333 where it is not given. There is no encryption and no password "
    "yet, so an\n"
    "address outside loopback is refused unless --insecure says that this is understood.\n"
    "The drivers are found beside the program; NTIO_DRIVERS names another folder. NTIO_DEBUG=1 "
    "shows their\n"
    "debug output.\n";

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"serve", cmd_serve},     {"attach", cmd_attach}, {"console", cmd_console},
        {"unshare", cmd_unshare}, {"status", cmd_status}, {"tree", cmd_tree},
    };

    if (argc < 2) {
        fputs(help, stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("scsinet " SCSINET_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    return misuse("'%s' is not a command", argv[1]);
}
