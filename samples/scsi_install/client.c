/* SPDX-License-Identifier: MIT */
/* client.c - the client's package: with the root-enumerated device that it is for. */
#include <initguid.h>
#include "scsi_install.h"
#include <difxapi.h>
#include <setupapi.h>

#include <string.h>

/* GUID_DEVCLASS_UNKNOWN */
DEFINE_GUID(class_unknown, 0x4d36e97e, 0xe325, 0x11ce, 0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03,
            0x18);

static DWORD add_device(void)
{
    static const WCHAR ids[] = CLIENT_HARDWARE_ID L"\0";
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiCreateDeviceInfoList(&class_unknown, NULL);
    DWORD error = 0;

    if (set == INVALID_HANDLE_VALUE)
        return GetLastError();
    if (!SetupDiCreateDeviceInfoW(set, CLIENT_HARDWARE_ID, &class_unknown, NULL, NULL,
                                  DICD_GENERATE_ID, &device) ||
        !SetupDiSetDeviceRegistryPropertyW(set, &device, SPDRP_HARDWAREID, (const BYTE *)ids,
                                           sizeof(ids)) ||
        !SetupDiCallClassInstaller(DIF_REGISTERDEVICE, set, &device))
        error = GetLastError();
    SetupDiDestroyDeviceInfoList(set);
    return error;
}

static BOOL same_text(const WCHAR *a, const WCHAR *b)
{
    while (*a != 0 && *a == *b)
        a++, b++;
    return *a == *b;
}

/* Whether it is our device, and has no class any more: another package may be on it. */
static BOOL is_ours(HDEVINFO set, SP_DEVINFO_DATA *device)
{
    WCHAR text[512] = {0};

    if (SetupDiGetDeviceRegistryPropertyW(set, device, SPDRP_CLASS, NULL, (BYTE *)text,
                                          sizeof(text), NULL))
        return FALSE;
    return SetupDiGetDeviceRegistryPropertyW(set, device, SPDRP_HARDWAREID, NULL, (BYTE *)text,
                                             sizeof(text), NULL) &&
           same_text(text, CLIENT_HARDWARE_ID);
}

static DWORD remove_device(void)
{
    SP_REMOVEDEVICE_PARAMS params = {0};
    SP_DEVINFO_DATA device = {.cbSize = sizeof(device)};
    HDEVINFO set = SetupDiGetClassDevsW(NULL, NULL, NULL, DIGCF_ALLCLASSES | DIGCF_PRESENT);
    DWORD error = ERROR_NO_SUCH_DEVINST;

    if (set == INVALID_HANDLE_VALUE)
        return GetLastError();
    params.ClassInstallHeader.cbSize = sizeof(params.ClassInstallHeader);
    params.ClassInstallHeader.InstallFunction = DIF_REMOVE;
    params.Scope = DI_REMOVEDEVICE_GLOBAL;
    for (DWORD i = 0; SetupDiEnumDeviceInfo(set, i, &device); i++) {
        if (!is_ours(set, &device))
            continue;
        error = 0;
        if (!SetupDiSetClassInstallParamsW(set, &device, &params.ClassInstallHeader,
                                           sizeof(params)) ||
            !SetupDiCallClassInstaller(DIF_REMOVE, set, &device))
            error = GetLastError();
        break;
    }
    SetupDiDestroyDeviceInfoList(set);
    return error;
}

DWORD client_install(const char *inf, BOOL *reboot)
{
    DWORD error = add_device();

    *reboot = FALSE;
    return error != 0 ? error : DriverPackageInstallA(inf, DRIVER_PACKAGE_FORCE, NULL, reboot);
}

DWORD client_uninstall(const char *inf, BOOL *reboot)
{
    DWORD error = DriverPackageUninstallA(inf, DRIVER_PACKAGE_FORCE, NULL, reboot);

    return error != 0 ? error : remove_device();
}
