/* SPDX-License-Identifier: MIT */
/*
 * hello_wdm_app.c - makes a root-enumerated device, installs hello_wdm.inf on it, reads the
 * greeting, shows what was written, and takes all of it away again.
 *
 * The .inf is the first argument, or else beside the program.
 */
#include <initguid.h>
#include <windows.h>
#include <setupapi.h>
#include <newdev.h>

#include <stdio.h>
#include <string.h>
#include "hello_wdm_public.h"

static int failed(const char *what)
{
    printf("%s failed with error 0x%lx\n", what, (unsigned long)GetLastError());
    return 0;
}

/* As devcon's "install" does: a device of the package's class, then the driver for its ID. */
static int install(const char *inf, HDEVINFO *set, SP_DEVINFO_DATA *device)
{
    static const WCHAR ids[] = HELLO_WDM_HARDWARE_ID L"\0";
    CHAR class_name[LINE_LEN];
    WCHAR wide_name[LINE_LEN];
    GUID class;
    BOOL reboot = FALSE;
    int i;

    if (!SetupDiGetINFClassA(inf, &class, class_name, LINE_LEN, NULL))
        return failed("SetupDiGetINFClass");
    for (i = 0; class_name[i] != '\0'; i++)
        wide_name[i] = (WCHAR)class_name[i];
    wide_name[i] = 0;
    *set = SetupDiCreateDeviceInfoList(&class, NULL);
    if (*set == INVALID_HANDLE_VALUE)
        return failed("SetupDiCreateDeviceInfoList");
    device->cbSize = sizeof(*device);
    if (!SetupDiCreateDeviceInfoW(*set, wide_name, &class, NULL, NULL, DICD_GENERATE_ID, device))
        return failed("SetupDiCreateDeviceInfo");
    if (!SetupDiSetDeviceRegistryPropertyW(*set, device, SPDRP_HARDWAREID, (const BYTE *)ids,
                                           sizeof(ids)))
        return failed("SetupDiSetDeviceRegistryProperty");
    if (!SetupDiCallClassInstaller(DIF_REGISTERDEVICE, *set, device))
        return failed("DIF_REGISTERDEVICE");
    if (!UpdateDriverForPlugAndPlayDevicesA(NULL, "ROOT\\HelloWdm", inf, INSTALLFLAG_FORCE,
                                            &reboot))
        return failed("UpdateDriverForPlugAndPlayDevices");
    return 1;
}

static int show(HDEVINFO set, SP_DEVINFO_DATA *device)
{
    static const struct {
        const char *name;
        DWORD property;
    } properties[] = {
        {"Service", SPDRP_SERVICE},       {"Class", SPDRP_CLASS},
        {"ClassGUID", SPDRP_CLASSGUID},   {"Driver", SPDRP_DRIVER},
        {"DeviceDesc", SPDRP_DEVICEDESC}, {"Mfg", SPDRP_MFG},
    };
    CHAR text[512];

    if (!SetupDiGetDeviceInstanceIdA(set, device, text, sizeof(text), NULL))
        return failed("SetupDiGetDeviceInstanceId");
    printf("%s\n", text);
    for (int i = 0; i < (int)(sizeof(properties) / sizeof(properties[0])); i++) {
        if (!SetupDiGetDeviceRegistryPropertyA(set, device, properties[i].property, NULL,
                                               (BYTE *)text, sizeof(text), NULL))
            return failed(properties[i].name);
        printf("  %-10s %s\n", properties[i].name, text);
    }
    return 1;
}

/* The driver's interface, by its GUID. */
static int read_greeting(void)
{
    SP_DEVICE_INTERFACE_DATA interface = {.cbSize = sizeof(interface)};
    union {
        SP_DEVICE_INTERFACE_DETAIL_DATA_W detail;
        BYTE room[1024];
    } path;
    WCHAR greeting[32] = {0};
    HANDLE handle;
    DWORD done = 0;
    BOOL ok;
    HDEVINFO set = SetupDiGetClassDevsW(&GUID_DEVINTERFACE_HELLO_WDM, NULL, NULL,
                                        DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);

    path.detail.cbSize = sizeof(path.detail);
    ok = set != INVALID_HANDLE_VALUE &&
         SetupDiEnumDeviceInterfaces(set, NULL, &GUID_DEVINTERFACE_HELLO_WDM, 0, &interface) &&
         SetupDiGetDeviceInterfaceDetailW(set, &interface, &path.detail, sizeof(path), NULL, NULL);
    if (set != INVALID_HANDLE_VALUE)
        SetupDiDestroyDeviceInfoList(set);
    if (!ok)
        return failed("finding the interface");
    handle = CreateFileW(path.detail.DevicePath, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                         FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return failed("CreateFile");
    ok = ReadFile(handle, greeting, sizeof(greeting) - sizeof(WCHAR), &done, NULL);
    CloseHandle(handle);
    if (!ok)
        return failed("ReadFile");
    printf("  the driver says: ");
    for (int i = 0; greeting[i] != 0; i++)
        putchar(greeting[i] < 0x80 ? (char)greeting[i] : '?');
    putchar('\n');
    return greeting[0] != 0;
}

static int uninstall(const char *inf, HDEVINFO set, SP_DEVINFO_DATA *device)
{
    int ok = 1;

    if (!DiUninstallDevice(NULL, set, device, 0, NULL))
        ok = failed("DiUninstallDevice");
    if (!DiUninstallDriverA(NULL, inf, 0, NULL))
        ok = failed("DiUninstallDriver");
    return ok;
}

int main(int argc, char **argv)
{
    SP_DEVINFO_DATA device = {0};
    HDEVINFO set = INVALID_HANDLE_VALUE;
    char inf[1024];
    const char *end;
    int ok;

    if (argc > 1) {
        snprintf(inf, sizeof(inf), "%s", argv[1]);
    } else {
        end = strrchr(argv[0], '\\') != NULL ? strrchr(argv[0], '\\') : strrchr(argv[0], '/');
        snprintf(inf, sizeof(inf), "%.*shello_wdm.inf", end != NULL ? (int)(end - argv[0] + 1) : 0,
                 argv[0]);
    }
    ok = install(inf, &set, &device);
    ok = ok && show(set, &device) && read_greeting();
    if (device.cbSize != 0)
        ok = uninstall(inf, set, &device) && ok;
    if (set != INVALID_HANDLE_VALUE)
        SetupDiDestroyDeviceInfoList(set);
    printf(ok ? "installed, read, uninstalled\n" : "it did not work\n");
    return ok ? 0 : 1;
}
