/* SPDX-License-Identifier: MIT */
/* server.c - the server's package: into the driver store, and out of it. */
#include "scsi_install.h"
#include <difxapi.h>

DWORD server_install(const char *inf)
{
    return DriverPackagePreinstallA(inf, DRIVER_PACKAGE_FORCE);
}

DWORD server_uninstall(const char *inf, BOOL *reboot)
{
    return DriverPackageUninstallA(inf, DRIVER_PACKAGE_FORCE, NULL, reboot);
}
