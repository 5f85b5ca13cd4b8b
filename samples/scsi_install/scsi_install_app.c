/* SPDX-License-Identifier: MIT */
/*
 * scsi_install_app.c - runs the four programs one after the other, and lists the devices between
 * them. The first argument is the folder with drivers/ (SCSI_INSTALL_DRIVERS where none is given).
 */
#include "scsi_install.h"
#include <setupapi.h>

#include <stdio.h>

/* Each device below the root with its class and service. */
static void list_devices(void)
{
    HDEVINFO set = SetupDiGetClassDevsA(NULL, "Root", NULL, DIGCF_ALLCLASSES | DIGCF_PRESENT);
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    CHAR id[256], class_name[128], service[128];

    for (DWORD i = 0; set != INVALID_HANDLE_VALUE && SetupDiEnumDeviceInfo(set, i, &device); i++) {
        if (!SetupDiGetDeviceInstanceIdA(set, &device, id, sizeof(id), NULL))
            continue;
        if (!SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_CLASS, NULL, (BYTE *)class_name,
                                               sizeof(class_name), NULL))
            snprintf(class_name, sizeof(class_name), "Unknown");
        if (!SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_SERVICE, NULL, (BYTE *)service,
                                               sizeof(service), NULL))
            snprintf(service, sizeof(service), "none");
        printf("    %s  class %s, driver %s\n", id, class_name, service);
    }
    if (set != INVALID_HANDLE_VALUE)
        SetupDiDestroyDeviceInfoList(set);
}

static int told(const char *what, DWORD error, BOOL reboot)
{
    if (error != 0)
        printf("%s: error 0x%lx\n", what, (unsigned long)error);
    else
        printf("%s: success%s\n", what, reboot ? ", a restart is needed" : "");
    list_devices();
    return error == 0;
}

int main(int argc, char **argv)
{
    const char *drivers = argc > 1 ? argv[1] : SCSI_INSTALL_DRIVERS;
    char server[1024], client[1024];
    BOOL reboot = FALSE;
    int ok;

    snprintf(server, sizeof(server), "%s/scsiserver/scsiserver.inf", drivers);
    snprintf(client, sizeof(client), "%s/scsiclient/scsiclient.inf", drivers);
    ok = told("server: install", server_install(server), FALSE);
    ok &= told("client: install", client_install(client, &reboot), reboot);
    ok &= told("client: uninstall", client_uninstall(client, &reboot), reboot);
    ok &= told("server: uninstall", server_uninstall(server, &reboot), reboot);
    return ok ? 0 : 1;
}
