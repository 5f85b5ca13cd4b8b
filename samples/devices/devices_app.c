/* SPDX-License-Identifier: MIT */
/*
 * devices_app.c - asks the driver for its devices and prints them side by side, upwards and
 * downwards, and the processes in which its routines ran. 0: all is as it should be.
 */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "devices_public.h"

static void print(const char *title, const DEVICES_ENTRY *entries, ULONG count)
{
    printf("%s\n", title);
    for (ULONG i = 0; i < count; i++) {
        printf("  device %llx of ", (unsigned long long)entries[i].Device);
        for (const WCHAR *text = entries[i].Driver; *text != 0; text++)
            putchar((int)*text);
        printf("\n");
    }
}

static int report(const WCHAR *path, DEVICES_REPORT *to)
{
    DWORD done = 0;
    HANDLE device =
        CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 0;
    }
    BOOL ok = DeviceIoControl(device, IOCTL_DEVICES_REPORT, NULL, 0, to, sizeof(*to), &done, NULL);
    if (!ok || done != sizeof(*to))
        printf("DeviceIoControl failed with error %lu\n", (unsigned long)GetLastError());
    CloseHandle(device);
    return ok && done == sizeof(*to);
}

int main(void)
{
    DEVICES_REPORT first, second;

    if (!report(L"\\\\.\\LabDevice0", &first) || !report(L"\\\\.\\LabDevice1", &second))
        return 1;
    print("all devices of the driver (NextDevice)", first.Next, first.NextCount);
    print("the first one's stack upwards (AttachedDevice)", first.Up, first.UpCount);
    print("the same downwards (each extension's Lower)", first.Down, first.DownCount);
    print("the second one's stack upwards", second.Up, second.UpCount);
    printf("DriverEntry ran in process %lu, AddDevice in %lu, dispatch in %lu; this is %lu\n",
           (unsigned long)first.EntryProcess, (unsigned long)first.AddProcess,
           (unsigned long)first.DispatchProcess, (unsigned long)GetCurrentProcessId());

    if (first.NextCount != 4 || first.UpCount != 3 || first.DownCount != 3)
        return 1;
    for (ULONG i = 0; i < 3; i++) {
        if (memcmp(&first.Up[i], &first.Down[2 - i], sizeof(first.Up[i])) != 0)
            return 1;
    }
    return first.EntryInSystem && first.AddInSystem && !first.DispatchInSystem &&
                   first.DispatchProcess == GetCurrentProcessId()
               ? 0
               : 1;
}
