/* SPDX-License-Identifier: MIT */
/* driver_to_driver_app.c - has caller call target in each way and looks at what came back. */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "driver_to_driver.h"

static const char *const ways[CALL_WAYS] = {
    "handle, synchronous",
    "handle, with an APC",
    "handle, the file object's event",
    "handle, through a symbolic link",
    "pointer, IoBuildSynchronousFsdRequest",
    "pointer, IoBuildAsynchronousFsdRequest",
    "pointer, IoBuildDeviceIoControlRequest",
    "pointer, IoAllocateIrp",
    "hand-written IoGetDeviceObjectPointer",
};

int main(int argc, char **argv)
{
    HANDLE caller = CreateFileW(L"\\\\.\\Caller", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    int faults = 0;

    (void)argc, (void)argv;
    if (caller == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    for (DWORD way = 0; way < CALL_WAYS; way++) {
        const char *expected = way == CALL_DEVICE_CONTROL ? "reward" : "defghijklmnopqrs";
        CALL_RESULT result;
        DWORD done = 0;
        int good;

        if (!DeviceIoControl(caller, IOCTL_CALL, &way, sizeof(way), &result, sizeof(result), &done,
                             NULL)) {
            printf("%-40s failed with error %lu\n", ways[way], (unsigned long)GetLastError());
            faults++;
            continue;
        }
        good = result.Status == 0 && result.Information == strlen(expected) &&
               memcmp(result.Data, expected, strlen(expected)) == 0;
        if (way == CALL_WITH_APC)
            good = good && result.ApcCalls == 1;
        if (way == CALL_OWN_POINTER)
            good = good && result.SamePointer;
        printf("%-40s returned 0x%08x, then %u bytes: %.*s%s\n", ways[way],
               (unsigned)result.Returned, (unsigned)result.Information, (int)result.Information,
               result.Data, good ? "" : "   NOT SO");
        faults += !good;
    }
    CloseHandle(caller);
    return faults != 0;
}
