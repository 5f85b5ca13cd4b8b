/* SPDX-License-Identifier: MIT */
/*
 * ctrl2cap_app.c - types the left Ctrl key, Caps Lock and a letter on a virtual keyboard and reads
 * what the keyboard class driver's device gives, with the filter above it. 0: the two are swapped.
 */
#include <windows.h>
#include <winioctl.h>
#include <ntddkbd.h>

#include <stdio.h>

#include "../../drivers/vkbd/vkbd_public.h"

static const char *name_of(USHORT code)
{
    return code == 0x1D ? "Ctrl" : code == 0x3A ? "Caps Lock" : code == 0x1E ? "A" : "?";
}

static int type(HANDLE keyboard, USHORT code, USHORT flags)
{
    KEYBOARD_INPUT_DATA key = {0, code, flags, 0, 0};
    DWORD done = 0;
    ULONG taken = 0;

    return DeviceIoControl(keyboard, IOCTL_VKBD_TYPE, &key, sizeof(key), &taken, sizeof(taken),
                           &done, NULL) &&
           taken == 1;
}

int main(void)
{
    static const USHORT typed[] = {0x1D, 0x3A, 0x1E}, expected[] = {0x3A, 0x1D, 0x1E};
    HANDLE keyboard = CreateFileW(L"\\\\.\\VirtualKeyboard0", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                                  OPEN_EXISTING, 0, NULL);
    HANDLE reader = CreateFileW(L"\\\\?\\GLOBALROOT\\Device\\KeyboardClass0", GENERIC_READ, 0, NULL,
                                OPEN_EXISTING, 0, NULL);
    int wrong = 0;

    if (keyboard == INVALID_HANDLE_VALUE || reader == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        KEYBOARD_INPUT_DATA key;
        DWORD done = 0;

        if (!type(keyboard, typed[i], KEY_MAKE) || !type(keyboard, typed[i], KEY_BREAK)) {
            printf("typing failed with error %lu\n", (unsigned long)GetLastError());
            return 1;
        }
        for (int up = 0; up < 2; up++) {
            if (!ReadFile(reader, &key, sizeof(key), &done, NULL) || done != sizeof(key)) {
                printf("ReadFile failed with error %lu\n", (unsigned long)GetLastError());
                return 1;
            }
            printf("typed %s, read %s %s\n", name_of(typed[i]), name_of(key.MakeCode),
                   key.Flags & KEY_BREAK ? "up" : "down");
            wrong |= key.MakeCode != expected[i] || key.Flags != (up ? KEY_BREAK : KEY_MAKE);
        }
    }
    CloseHandle(reader);
    CloseHandle(keyboard);
    return wrong;
}
