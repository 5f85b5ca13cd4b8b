/* SPDX-License-Identifier: MIT */
/* layered_app.c - the program: requests through the layer, and the tree of drivers and devices. */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "layered.h"

#define LARGE  30000
#define OFFSET 700

static int faults;

static void check(const char *what, int good)
{
    printf("  %-60s %s\n", what, good ? "ok" : "NOT SO");
    faults += !good;
}

static HANDLE open_device(const WCHAR *path)
{
    HANDLE device = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                FILE_ATTRIBUTE_NORMAL, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        faults++;
    }
    return device;
}

static void requests(void)
{
    static char written[LARGE], read[LARGE];
    HANDLE device = open_device(L"\\\\.\\Store");
    LARGE_INTEGER offset = {.QuadPart = OFFSET};
    LAYER_FACTS facts;
    DWORD number = 5, done = 0;

    if (device == INVALID_HANDLE_VALUE)
        return;
    printf("requests through the layer:\n");
    for (int i = 0; i < LARGE; i++)
        written[i] = (char)(i % 251);
    check("30,000 bytes are written, though the store takes 4,096",
          SetFilePointerEx(device, offset, NULL, FILE_BEGIN) &&
              WriteFile(device, written, LARGE, &done, NULL) && done == LARGE);
    check("and read back", SetFilePointerEx(device, offset, NULL, FILE_BEGIN) &&
                               ReadFile(device, read, LARGE, &done, NULL) && done == LARGE &&
                               memcmp(written, read, LARGE) == 0);
    check("a small read is waited for in the layer",
          ReadFile(device, read, 100, &done, NULL) && done == 100);
    check("an IOCTL's answer is changed on its way back",
          DeviceIoControl(device, IOCTL_STORE_COUNT, &number, sizeof(number), &number,
                          sizeof(number), &done, NULL) &&
              number == 106);
    check("a flush goes through", FlushFileBuffers(device));
    /* Skipped: our create, and before it the close of the open that IoAttachDevice had made. */
    check("the layer says how it forwarded them",
          DeviceIoControl(device, IOCTL_LAYER_FACTS, NULL, 0, &facts, sizeof(facts), &done, NULL) &&
              facts.Skipped == 2 && facts.Copied == 1 && facts.Routed == 1 && facts.Pended == 1 &&
              facts.Waited == 1 && facts.Split == 2 && facts.Pieces == 16);
    CloseHandle(device);
}

static void tree(void)
{
    static TREE_ENTRY entries[256];
    HANDLE device = open_device(L"\\\\.\\DeviceTree");
    DWORD done = 0, count;
    int stacks = 0;

    if (device == INVALID_HANDLE_VALUE)
        return;
    check("devicetree lists drivers and devices",
          DeviceIoControl(device, IOCTL_TREE, NULL, 0, entries, sizeof(entries), &done, NULL));
    count = done / sizeof(entries[0]);
    for (DWORD i = 0; i < count; i++) {
        const TREE_ENTRY *entry = &entries[i];
        char name[64];

        for (size_t j = 0; j < sizeof(name); j++)
            name[j] = (char)entry->Name[j]; /* names of drivers and devices are ASCII here */
        if (entry->Kind == TREE_DRIVER) {
            printf("  %s\n", name);
            continue;
        }
        printf("      %012llx %-28s type %02x, %u locations", (unsigned long long)entry->Device,
               name[0] != '\0' ? name : "(no name)", (unsigned)entry->DeviceType,
               (unsigned)entry->StackSize);
        if (entry->Lower != 0)
            printf(", on %012llx", (unsigned long long)entry->Lower);
        printf("\n");
        stacks += entry->Lower != 0;
    }
    check("layer's device stands on store's", stacks >= 1);
    CloseHandle(device);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    requests();
    tree();
    return faults != 0;
}
