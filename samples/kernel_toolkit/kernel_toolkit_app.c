/* SPDX-License-Identifier: MIT */
/*
 * kernel_toolkit_app.c - has the driver use its tools and prints what came of it. The driver writes
 * a file on drive C:, which the program then reads as any other. 0: all is as it should be.
 */
#include <windows.h>
#include <winioctl.h>

#include <stdio.h>
#include <string.h>

#include "kernel_toolkit_public.h"

static HANDLE device;

static int ask(const char *what, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size)
{
    DWORD done = 0;

    if (DeviceIoControl(device, code, in, in_size, out, out_size, &done, NULL) && done == out_size)
        return 1;
    printf("%s failed with error %lu\n", what, (unsigned long)GetLastError());
    return 0;
}

static void print_wide(const char *title, const WCHAR *text)
{
    printf("%s", title);
    while (*text != 0)
        putchar((int)*text++);
    printf("\n");
}

static int lists(void)
{
    TOOLKIT_LISTS report;
    DWORD first = 1, second = 2, third = 3, got = 0;

    if (!ask("lists", IOCTL_TOOLKIT_LISTS, NULL, 0, &report, sizeof(report)))
        return 0;
    printf("a doubly linked list forward:");
    for (int i = 0; i < TOOLKIT_ITEMS; i++)
        printf(" %lu", (unsigned long)report.Forward[i]);
    printf("\nand backward:");
    for (int i = 0; i < TOOLKIT_ITEMS; i++)
        printf(" %lu", (unsigned long)report.Backward[i]);
    printf("\na singly linked one:");
    for (int i = 0; i < TOOLKIT_ITEMS; i++)
        printf(" %lu", (unsigned long)report.Single[i]);
    printf("\n%lu left without the odd ones, %lu in sum\n", (unsigned long)report.Left,
           (unsigned long)report.SumLeft);
    /* The interlocked list: first in, first out. */
    if (!ask("push", IOCTL_TOOLKIT_PUSH, &first, sizeof(first), NULL, 0) ||
        !ask("push", IOCTL_TOOLKIT_PUSH, &second, sizeof(second), NULL, 0) ||
        !ask("push", IOCTL_TOOLKIT_PUSH, &third, sizeof(third), NULL, 0) ||
        !ask("pop", IOCTL_TOOLKIT_POP, NULL, 0, &got, sizeof(got)))
        return 0;
    printf("the first one back from the interlocked list: %lu\n", (unsigned long)got);
    return report.Forward[7] == 7 && report.Backward[7] == 0 && report.Single[0] == 7 &&
           report.Left == 4 && report.SumLeft == 12 && got == 1;
}

static int lookaside(void)
{
    TOOLKIT_LOOKASIDE report;

    if (!ask("lookaside", IOCTL_TOOLKIT_LOOKASIDE, NULL, 0, &report, sizeof(report)))
        return 0;
    printf("lookaside lists: %lu taken, %lu of them not from the list\n",
           (unsigned long)report.Allocates, (unsigned long)report.AllocateMisses);
    return report.Allocates == 2;
}

static int strings(void)
{
    TOOLKIT_STRINGS report;

    if (!ask("strings", IOCTL_TOOLKIT_STRINGS, NULL, 0, &report, sizeof(report)))
        return 0;
    print_wide("in upper case: ", report.Upper);
    print_wide("a number: ", report.Number);
    print_wide("appended: ", report.Appended);
    print_wide("from ANSI: ", report.FromAnsi);
    return report.Equal && !report.EqualCase && report.Prefix && report.Zeroed && report.Moved &&
           report.Compared == 11 && report.Value == 0xbeef;
}

static int file(void)
{
    static const WCHAR path[] = L"\\??\\C:\\toolkit.txt";
    char text[64] = "";
    DWORD done = 0;
    union {
        WCHAR path[64];
        TOOLKIT_FILE report;
    } io;

    memcpy(io.path, path, sizeof(path));
    if (!ask("file", IOCTL_TOOLKIT_FILE, &io, sizeof(path) - sizeof(WCHAR), &io.report,
             sizeof(io.report)))
        return 0;
    printf("the driver wrote and read back: %s\n", io.report.Text);
    HANDLE own = CreateFileW(L"C:\\TOOLKIT.TXT", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING,
                             FILE_ATTRIBUTE_NORMAL, NULL);
    if (own == INVALID_HANDLE_VALUE || !ReadFile(own, text, sizeof(text) - 1, &done, NULL)) {
        printf("the program can't read it: error %lu\n", (unsigned long)GetLastError());
        return 0;
    }
    CloseHandle(own);
    printf("the program reads:              %s\n", text);
    return strcmp(text, io.report.Text) == 0 && io.report.Size == done;
}

static int registry(void)
{
    TOOLKIT_REGISTRY report;

    if (!ask("registry", IOCTL_TOOLKIT_REGISTRY, NULL, 0, &report, sizeof(report)))
        return 0;
    printf("from the registry: %lu\n", (unsigned long)report.Number);
    print_wide("and: ", report.Text);
    return report.Number == 4711;
}

int main(void)
{
    int ok;

    device = CreateFileW(L"\\\\.\\Toolkit", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0,
                         NULL);
    if (device == INVALID_HANDLE_VALUE) {
        printf("CreateFile failed with error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    ok = lists() && lookaside() && strings() && file() && registry();
    CloseHandle(device);
    return ok ? 0 : 1;
}
